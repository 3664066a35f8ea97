/// The two sides of a game, as the title names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Teams {
    /// Who plays at home.
    pub home: String,
    /// Who comes.
    pub away: String,
}

impl Teams {
    /// Reads `Rays at Orioles`, `Rays @ Orioles`, `Orioles vs Rays`, `Orioles v. Rays`, `Orioles - Rays`.
    pub fn read(title: &str) -> Option<Self> {
        let side = |text: &str| text.trim().to_owned();
        for word in [" @ ", " at "] {
            if let Some((away, home)) = title.split_once(word) {
                return Some(Self { home: side(home), away: side(away) });
            }
        }
        for word in [" vs. ", " vs ", " v. ", " v ", " - ", " – "] {
            if let Some((home, away)) = title.split_once(word) {
                return Some(Self { home: side(home), away: side(away) });
            }
        }
        None
    }
}
