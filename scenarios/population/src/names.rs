//! Pools of names and words that people, places and organisations are put together from. Our own lists; families, towns and
//! streets are compounds, so that no real place or family is meant. Data only: this file draws nothing.

/// Given names for gender `female`.
pub(crate) const GIVEN_FEMALE: [&str; 64] = [
    "Adela", "Aisling", "Alma", "Amara", "Anwen", "Averil", "Beatrix", "Bettina", "Briony", "Carys", "Celia",
    "Clemency", "Coralie", "Dalia", "Delphine", "Dorothea", "Edith", "Elowen", "Emmeline", "Esme", "Fatima",
    "Felicity", "Freya", "Gwenda", "Harriet", "Hester", "Imogen", "Ingrid", "Isolde", "Jessamy", "Joanna",
    "Juno", "Kerensa", "Laleh", "Lavinia", "Lettice", "Lowri", "Mabel", "Marisol", "Meera", "Merryn",
    "Nerys", "Nia", "Odette", "Olwen", "Padma", "Petra", "Philippa", "Priya", "Rosalind", "Rowena", "Sabine",
    "Samira", "Sidony", "Sunniva", "Tabitha", "Tamsin", "Una", "Verity", "Wanda", "Winifred", "Yasmin",
    "Zahra", "Zelda",
];

/// Given names for gender `male`.
pub(crate) const GIVEN_MALE: [&str; 64] = [
    "Abel", "Alaric", "Ambrose", "Anselm", "Arun", "Barnaby", "Basil", "Bertram", "Caspian", "Cedric",
    "Clement", "Corin", "Cuthbert", "Dafydd", "Darius", "Denzil", "Dhruv", "Edmund", "Eirik", "Emrys",
    "Ewan", "Faisal", "Felix", "Fergus", "Gareth", "Giles", "Hamish", "Hari", "Hugo", "Idris", "Ifan",
    "Imran", "Jago", "Jasper", "Jolyon", "Kamal", "Kenelm", "Lambert", "Leander", "Linus", "Lorcan",
    "Magnus", "Malachy", "Merrick", "Nadir", "Ninian", "Oberon", "Oswin", "Osman", "Percival", "Piers",
    "Quentin", "Rafiq", "Rhodri", "Roderick", "Rufus", "Selwyn", "Silas", "Tariq", "Tobias", "Torquil",
    "Uriah", "Wilfred", "Yestin",
];

/// First halves of family names.
pub(crate) const FAMILY_FIRST: [&str; 48] = [
    "Alder", "Amber", "Arken", "Ash", "Bar", "Beck", "Birken", "Black", "Bram", "Brock", "Cald", "Cander",
    "Clay", "Cope", "Cran", "Dag", "Dren", "Elder", "Fair", "Fal", "Fen", "Garth", "Gild", "Green", "Hal",
    "Hather", "Hazel", "Holm", "Kel", "Kest", "Lang", "Lark", "Len", "Mard", "Mer", "Mill", "Nettle",
    "Oaken", "Pen", "Quarr", "Raven", "Sedge", "Stan", "Thorn", "Under", "Wath", "Wend", "Yar",
];

/// Second halves of family names: 48 x 40 = 1,920 families, so that a family name, a gender and a span of birth dates find
/// some dozens of people among 200,000, as an advanced trace does.
pub(crate) const FAMILY_SECOND: [&str; 40] = [
    "acre", "bank", "beam", "berry", "bourne", "bridge", "brook", "bury", "by", "combe", "court", "croft",
    "dale", "den", "don", "fell", "field", "ford", "gate", "grove", "ham", "hurst", "ing", "land", "ley",
    "low", "marsh", "mere", "more", "ridge", "shaw", "side", "stead", "stone", "thwaite", "ton", "wald",
    "well", "wick", "worth",
];

/// Titles by gender: female, then male. Fifteen and younger get the first of each.
pub(crate) const TITLES: [[&str; 4]; 2] = [["Miss", "Ms", "Mrs", "Dr"], ["Master", "Mr", "Mr", "Dr"]];

/// First halves of town names.
pub(crate) const TOWN_FIRST: [&str; 32] = [
    "Abber", "Addle", "Barrow", "Brack", "Carn", "Chidder", "Dunmar", "Eastle", "Ember", "Farrow", "Gander",
    "Hallow", "Hinder", "Ivel", "Kettle", "Lathing", "Loxen", "Maple", "Marrow", "Nether", "Orrin", "Paddle",
    "Pether", "Ramble", "Sallow", "Shering", "Tarring", "Thistle", "Upping", "Wadden", "Willow", "Wyther",
];

/// Second halves of town names.
pub(crate) const TOWN_SECOND: [&str; 16] = [
    "bourne", "bury", "cester", "combe", "dale", "ford", "gate", "ham", "haven", "mere", "minster", "mouth",
    "port", "stead", "ton", "wick",
];

/// Counties, all invented.
pub(crate) const COUNTIES: [&str; 12] = [
    "Arrowshire",
    "North Brackshire",
    "South Brackshire",
    "Caldershire",
    "Dunmere",
    "Fenlandshire",
    "Greater Hallow",
    "Iveldale",
    "Loxshire",
    "Netherland",
    "Thornshire",
    "Witherdale",
];

/// Names of streets without their kind.
pub(crate) const STREETS: [&str; 40] = [
    "Abbot's", "Acacia", "Almond", "Anchor", "Baker's", "Beech", "Bluebell", "Bridge", "Canal", "Castle",
    "Chapel", "Cherry", "Church", "Clover", "Cooper's", "Cross", "Dairy", "Elm", "Fountain", "Garden",
    "Granary", "Heron", "High", "Ivy", "Juniper", "Kiln", "Lantern", "Lime", "Market", "Meadow", "Mill",
    "Orchard", "Priory", "Quarry", "River", "School", "Station", "Tanner's", "Walnut", "Weaver's",
];

/// Kinds of street.
pub(crate) const STREET_KINDS: [&str; 12] = [
    "Street", "Road", "Lane", "Avenue", "Close", "Drive", "Way", "Crescent", "Grove", "Terrace", "Place",
    "Walk",
];

/// Parts of a town.
pub(crate) const LOCALITIES: [&str; 12] = [
    "Town Centre",
    "East End",
    "Old Town",
    "Riverside",
    "The Heights",
    "Northfields",
    "Southgate",
    "Millbank",
    "Parkside",
    "Westbrook",
    "Harbourside",
    "Newtown",
];

/// Languages: ISO 639-1 code as in the UK Core human language value set, and weight per mille. Mostly English.
pub(crate) const LANGUAGES: [(&str, u32); 10] = [
    ("en", 920),
    ("pl", 20),
    ("pa", 12),
    ("ur", 12),
    ("bn", 8),
    ("gu", 8),
    ("ar", 6),
    ("fr", 6),
    ("pt", 5),
    ("so", 3),
];

/// Ethnic category codes of the NHS data dictionary (A white British ... S other), and weights per mille shaped on the
/// census of England.
pub(crate) const ETHNIC_CATEGORIES: [(&str, u32); 16] = [
    ("A", 740),
    ("B", 10),
    ("C", 62),
    ("D", 9),
    ("E", 4),
    ("F", 7),
    ("G", 6),
    ("H", 31),
    ("J", 27),
    ("K", 11),
    ("L", 17),
    ("M", 10),
    ("N", 25),
    ("P", 5),
    ("R", 8),
    ("S", 28),
];
