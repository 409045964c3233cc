//! Signed ranks: what a difference weighs. Called at each look for each metric; knows no level and no verdict.

/// The signed ranks of one metric's differences.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedRanks {
    /// A block each: the rank of the shifted difference among all blocks of the metric by size, with its sign; 0 for no
    /// difference. Whole numbers, so that a sum is exact and ties are ties.
    pub signed: Vec<i16>,
    /// What a sum of them is multiplied with: 1/√Σr².
    pub scale: f64,
}

impl SignedRanks {
    /// Ranks `differences − shift` by size, 1 the smallest, equal ones in the order of the blocks. Zeros count in ranking but
    /// weigh nothing. Infinite differences rank above all others.
    ///
    /// At most [`crate::plan::BLOCKS_MAX`] differences, none of them NaN.
    pub fn of(differences: impl IntoIterator<Item = f64>, shift: f64) -> SignedRanks {
        let shifted: Vec<f64> = differences.into_iter().map(|d| d - shift).collect();
        let mut order: Vec<usize> = (0..shifted.len()).collect();
        order.sort_by(|a, b| shifted[*a].abs().total_cmp(&shifted[*b].abs()));
        let mut signed = vec![0i16; shifted.len()];
        let mut squares = 0.0;
        for (rank, block) in (1i16..).zip(order) {
            let y = shifted[block];
            if y != 0.0 {
                signed[block] = if y > 0.0 { rank } else { -rank };
                squares += f64::from(rank) * f64::from(rank);
            }
        }
        let scale = if squares > 0.0 { 1.0 / squares.sqrt() } else { 0.0 };
        SignedRanks { signed, scale }
    }

    /// Their normalised sum: of mean 0 and variance 1 when signs are a coin's; large when differences lie above the shift.
    pub fn statistic(&self) -> f64 {
        self.signed.iter().map(|r| f64::from(*r)).sum::<f64>() * self.scale
    }
}
