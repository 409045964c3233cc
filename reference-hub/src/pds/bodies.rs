//! JSON Schemas of the request bodies, for the OpenAPI document. Data only.
//!
//! Wide enough for every body that is accepted, narrow enough that a body made from one is often meaningful. The rules
//! themselves are in `patch` and `rules`.

/// An update: `{"patches": […]}`.
pub(super) const PATCH: &str = r#"{
  "type": "object",
  "required": ["patches"],
  "properties": {
    "patches": {
      "type": "array",
      "minItems": 1,
      "maxItems": 100,
      "items": {
        "type": "object",
        "required": ["op", "path"],
        "properties": {
          "op": {"type": "string", "enum": ["add", "replace", "remove", "test"]},
          "path": {"type": "string", "pattern": "^/(address|birthDate|contact|deceasedDateTime|extension|gender|generalPractitioner|managingOrganization|multipleBirthInteger|name|telecom)(/.*)?$"},
          "value": {}
        }
      }
    }
  },
  "example": {"patches": [{"op": "replace", "path": "/gender", "value": "unknown"}]}
}"#;

/// A creation.
pub(super) const CREATION: &str = r#"{
  "type": "object",
  "required": ["name", "gender", "birthDate", "address", "extension"],
  "additionalProperties": false,
  "properties": {
    "resourceType": {"type": "string", "enum": ["Patient"]},
    "name": {
      "type": "array",
      "minItems": 1,
      "maxItems": 1,
      "items": {
        "type": "object",
        "required": ["use", "family"],
        "additionalProperties": false,
        "properties": {
          "id": {},
          "use": {"type": "string", "enum": ["usual"]},
          "period": {"type": "object", "required": ["start"], "additionalProperties": false, "properties": {"start": {"type": "string", "format": "date"}, "end": {"type": "string", "format": "date"}}},
          "family": {"type": "string", "minLength": 1, "maxLength": 35, "pattern": "^[A-Za-z0-9'. \u00C0-\u00D6\u00D8-\u00F6\u00F8-\u017F-]+$"},
          "given": {"type": "array", "maxItems": 5, "items": {"type": "string", "maxLength": 35, "pattern": "^[A-Za-z0-9'. \u00C0-\u00D6\u00D8-\u00F6\u00F8-\u017F-]*$"}},
          "prefix": {"type": "array", "maxItems": 10, "items": {"type": "string", "pattern": "^[A-Za-z0-9'. \u00C0-\u00D6\u00D8-\u00F6\u00F8-\u017F-]*$"}},
          "suffix": {"type": "array", "maxItems": 10, "items": {"type": "string", "pattern": "^[A-Z][A-Za-z0-9'. \u00C0-\u00D6\u00D8-\u00F6\u00F8-\u017F-]*$"}}
        }
      }
    },
    "gender": {"type": "string", "enum": ["male", "female", "unknown"]},
    "birthDate": {"type": "string", "format": "date"},
    "address": {
      "type": "array",
      "minItems": 1,
      "maxItems": 3,
      "items": {
        "type": "object",
        "required": ["use"],
        "additionalProperties": false,
        "properties": {
          "id": {},
          "use": {"type": "string", "enum": ["home", "temp", "billing"]},
          "period": {"type": "object", "required": ["start"], "additionalProperties": false, "properties": {"start": {"type": "string", "format": "date"}, "end": {"type": "string", "format": "date"}}},
          "text": {"type": "string"},
          "line": {"type": "array", "items": {"type": "string"}},
          "postalCode": {"type": "string", "pattern": "^[A-Za-z0-9 ]{5,8}$"},
          "extension": {"type": "array", "maxItems": 2, "items": {}}
        }
      }
    },
    "telecom": {
      "type": "array",
      "items": {
        "type": "object",
        "required": ["system", "value"],
        "additionalProperties": false,
        "properties": {
          "id": {},
          "system": {"type": "string", "enum": ["phone", "fax", "email", "other"]},
          "use": {"type": "string", "enum": ["home", "work", "temp", "mobile"]},
          "value": {"type": "string", "minLength": 1},
          "period": {"type": "object", "required": ["start"], "additionalProperties": false, "properties": {"start": {"type": "string", "format": "date"}, "end": {"type": "string", "format": "date"}}},
          "extension": {"type": "array", "maxItems": 1, "items": {}}
        }
      }
    },
    "extension": {
      "type": "array",
      "minItems": 1,
      "items": {
        "type": "object",
        "required": ["url"],
        "properties": {"url": {"type": "string"}}
      }
    }
  },
  "example": {
    "resourceType": "Patient",
    "name": [{"use": "usual", "family": "Quillfeather", "given": ["Osric"], "prefix": ["Mr"]}],
    "gender": "male",
    "birthDate": "1971-04-09",
    "address": [{"use": "home", "line": ["3 Example Row", "Iveldale"], "postalCode": "ZZ99 3VZ"}],
    "extension": [{
      "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-RegisteringAuthority",
      "extension": [
        {"url": "registeringAuthorityType", "valueCodeableConcept": {"coding": [{"system": "https://fhir.nhs.uk/CodeSystem/UKCore-RegisteringAuthorityType", "code": "x"}]}},
        {"url": "organisationIdentifier", "valueString": "RGT"}
      ]
    }]
  }
}"#;

/// A card.
pub(super) const COVERAGE: &str = r#"{
  "type": "object",
  "required": ["status", "subscriber", "identifier", "payor", "beneficiary", "period"],
  "properties": {
    "resourceType": {"type": "string", "enum": ["Coverage"]},
    "status": {"type": "string", "enum": ["active"]},
    "subscriber": {
      "type": "object",
      "required": ["identifier"],
      "properties": {
        "identifier": {
          "type": "object",
          "required": ["value"],
          "properties": {
            "system": {"type": "string", "enum": ["https://fhir.nhs.uk/Id/nhs-number"]},
            "value": {"type": "string", "pattern": "^\\s*[0-9]{10}\\s*$", "example": "9000000009"}
          }
        }
      }
    },
    "identifier": {
      "type": "array",
      "minItems": 1,
      "maxItems": 1,
      "items": {
        "type": "object",
        "required": ["value", "assigner"],
        "properties": {
          "value": {"type": "string", "pattern": "^[a-zA-Z0-9\\-,/:'.\\s]+$"},
          "assigner": {
            "type": "object",
            "required": ["identifier"],
            "properties": {
              "identifier": {
                "type": "object",
                "required": ["system", "value"],
                "properties": {
                  "system": {"type": "string", "enum": ["urn:iso:std:iso:3166"]},
                  "value": {"type": "string", "pattern": "^\\s*[A-Z]{3}\\s*$"}
                }
              }
            }
          }
        }
      }
    },
    "payor": {
      "type": "array",
      "minItems": 1,
      "maxItems": 1,
      "items": {
        "type": "object",
        "required": ["identifier"],
        "properties": {
          "identifier": {
            "type": "object",
            "required": ["value"],
            "properties": {"value": {"type": "string", "pattern": "^[a-zA-Z0-9\\-,/:'.\\s]+$"}}
          }
        }
      }
    },
    "beneficiary": {
      "type": "object",
      "required": ["identifier"],
      "properties": {
        "identifier": {
          "type": "object",
          "required": ["value"],
          "properties": {"value": {"type": "string", "pattern": "^[a-zA-Z0-9\\-,/:'.\\s]+$"}}
        }
      }
    },
    "period": {
      "type": "object",
      "required": ["end"],
      "properties": {"end": {"type": "string"}}
    }
  },
  "example": {
    "resourceType": "Coverage",
    "status": "active",
    "subscriber": {"identifier": {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9000000009"}},
    "identifier": [{"value": "80276001234567890123", "assigner": {"identifier": {"system": "urn:iso:std:iso:3166", "value": "DEU"}}}],
    "payor": [{"identifier": {"value": "109500969"}}],
    "beneficiary": {"identifier": {"value": "K470115"}},
    "period": {"end": "2031-03-31"}
  }
}"#;
