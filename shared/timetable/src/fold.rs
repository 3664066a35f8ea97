//! Text without what people leave out when they type: case, accents, punctuation.

use std::borrow::Cow;

/// Base letters of U+00DF to U+017F, `.` where there is none or it is more than one letter.
const LATIN_1_AND_A: &[u8] = b".aaaaaa.ceeeeiiiidnooooo.ouuuuy.yaaaaaaccccccccddddeeeeeeeeeegggggggghhhh\
iiiiiiiiii..jjkkkllllllllllnnnnnnnnnoooooo..rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
/// The same of U+01CD to U+0233: Pinyin, Romanian.
const LATIN_B: &[u8] = b"aaiioouuuuuuuuuu.aaaa....ggkkoooo..j...gg..nnaa..ooaaaaeeeeiiiioooorrrruuuusstt..hh......\
aaeeooooooooyy";
/// The same of U+1E00 to U+1EFF: Vietnamese, Welsh.
const LATIN_ADDITIONAL: &[u8] = b"aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnn\
oooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwy......\
aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeeeeeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......";

/// The words of a text in lower case, without accents and punctuation, one space between them.
///
/// Apostrophes and the dots of an abbreviation join what they stand in (`O'Neill's` is `oneills`, `D.C.` is `dc`);
/// everything else that is no letter or digit parts words. Both sides of every comparison are folded, so that a rule
/// need not be right for a language, only the same.
pub fn fold(text: &str) -> String {
    let mut folded = Folded { out: String::with_capacity(text.len()), letters: 0 };
    folded.text(text);
    folded.finish()
}

/// The same of several texts, as if each stood on a line of its own.
pub(crate) fn fold_all<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut folded = Folded { out: String::with_capacity(128), letters: 0 };
    for text in texts {
        folded.text(text);
        folded.take('\n');
    }
    folded.finish()
}

struct Folded {
    out: String,
    /// Of the word so far.
    letters: usize,
}

impl Folded {
    fn text(&mut self, text: &str) {
        for c in text.chars() {
            // Nearly every letter is one of these, and the tables of the others are slow.
            if c.is_ascii_alphanumeric() {
                self.out.push(c.to_ascii_lowercase());
                self.letters += usize::from(c.is_ascii_alphabetic());
            } else {
                c.to_lowercase().for_each(|c| self.take(c));
            }
        }
    }

    fn take(&mut self, c: char) {
        if ('\u{300}'..='\u{36f}').contains(&c) {
            return;
        }
        if c.is_alphanumeric() {
            match letter(c) {
                Cow::Borrowed("") => self.out.push(c),
                letter => self.out.push_str(&letter),
            }
            self.letters += usize::from(!c.is_numeric());
            return;
        }
        let joins = matches!(c, '\'' | '\u{2019}' | '\u{2bc}');
        if joins {
            return;
        }
        // The next letter of an abbreviation is again the only one.
        let abbreviates = c == '.' && self.letters == 1;
        if !abbreviates && !self.out.is_empty() && !self.out.ends_with(' ') {
            self.out.push(' ');
        }
        self.letters = 0;
    }

    fn finish(mut self) -> String {
        self.out.truncate(self.out.trim_end().len());
        self.out
    }
}

/// What stands for a letter; empty: the letter itself.
fn letter(c: char) -> Cow<'static, str> {
    let two = match c {
        'ß' => "ss",
        'æ' | 'ǽ' | 'ǣ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ĳ' => "ij",
        'ơ' => "o",
        'ư' => "u",
        'ά' => "α",
        'έ' => "ε",
        'ή' => "η",
        'ί' | 'ϊ' | 'ΐ' => "ι",
        'ό' => "ο",
        'ύ' | 'ϋ' | 'ΰ' => "υ",
        'ώ' => "ω",
        'ς' => "σ",
        'ё' => "е",
        'й' => "и",
        _ => "",
    };
    if !two.is_empty() || c.is_ascii() {
        return Cow::Borrowed(two);
    }
    let code = u32::from(c);
    let base = [(0xdf, LATIN_1_AND_A), (0x1cd, LATIN_B), (0x1e00, LATIN_ADDITIONAL)]
        .into_iter()
        .find_map(|(first, table)| table.get(usize::try_from(code.checked_sub(first)?).ok()?))
        .filter(|base| base.is_ascii_lowercase());
    base.map_or(Cow::Borrowed(""), |base| Cow::Owned(char::from(*base).to_string()))
}

/// Whether each folded word of `wanted` begins a word of the folded `text`.
pub(crate) fn has_words(text: &str, wanted: &str) -> bool {
    wanted.split(' ').all(|wanted| text.split(' ').any(|word| word.starts_with(wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_leave_out_is_left_out() {
        for (text, folded) in [
            ("Orioles", "orioles"),
            ("  Atlético   de Madrid ", "atletico de madrid"),
            ("Łódź – Kraków", "lodz krakow"),
            ("SØNDERJYSKE", "sonderjyske"),
            ("Fußball-Club Köln", "fussball club koln"),
            ("Ærø Þór Đurđević", "aero thor durdevic"),
            ("Gençlerbirliği İstanbul ılıca", "genclerbirligi istanbul ilica"),
            ("Hà Nội, Điện Biên", "ha noi dien bien"),
            ("Cote\u{301} n\u{303}", "cote n"),
            ("D.C. United", "dc united"),
            ("St. Louis CITY SC", "st louis city sc"),
            ("O'Neill’s pub", "oneills pub"),
            ("7.30 doors", "7 30 doors"),
            ("Αθήνα", "αθηνα"),
            ("Ещё", "еще"),
            ("東京 ドーム", "東京 ドーム"),
            ("⚾ Play ball! 🎉", "play ball"),
            ("...", ""),
        ] {
            assert_eq!(fold(text), folded, "{text}");
            assert_eq!(fold(folded), folded, "folded twice: {text}");
        }
    }

    #[test]
    fn the_tables_reach_to_the_ends_of_their_blocks() {
        for (table, first, last) in
            [(LATIN_1_AND_A, 0xdf, 0x17f), (LATIN_B, 0x1cd, 0x233), (LATIN_ADDITIONAL, 0x1e00, 0x1eff)]
        {
            assert_eq!(table.len(), last - first + 1);
        }
    }

    #[test]
    fn the_start_of_a_word_is_enough() {
        for (text, wanted, has) in [
            ("tampa bay rays", "tam", true),
            ("tampa bay rays", "ray tampa", true),
            ("tampa bay rays", "ampa", false),
            ("tampa bay rays", "tampa bull", false),
        ] {
            assert_eq!(has_words(text, wanted), has, "{wanted}");
        }
    }
}
