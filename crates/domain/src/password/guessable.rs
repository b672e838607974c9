//! Finds passwords that guessers try first.
//!
//! Each piece that guessers know (a common word, part of a row of keys, a repeated character, the user name)
//! counts as one character. At least six must be left. Of a text that repeats, only the first time counts.
//!
//! Of passwords that are long enough, nearly all common ones are made of such pieces, so a list of 12
//! characters and more would mostly repeat this one. The crate zxcvbn judges better, but its dictionaries
//! would add about a megabyte to the function and to the command.

/// What must be left of a password, in characters and pieces.
const LEFT_MIN: usize = 6;

/// The shortest part of a row, and the fewest equal characters, that are a piece.
const RUN_MIN: usize = 3;

/// The order of letters, digits and keys, in which people pick neighbours, also backwards.
const ROWS: [&str; 9] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
];

/// The words of the most common passwords, as breaches show them, year after year.
const WORDS: &str = "\
password passwort passw0rd pass admin administrator root user guest login welcome letmein access secret \
master changeme default test temp demo hello iloveyou iloveu loveyou love lovely sunshine princess angel \
baby babygirl honey sweet flower butterfly rainbow summer winter spring autumn monday friday january \
february march april june july august september october november december dragon monkey tiger lion eagle \
shadow ninja samurai warrior killer hunter ranger phoenix cowboy pirate wizard magic football baseball \
basketball soccer hockey liverpool chelsea arsenal barcelona yankees lakers steelers batman superman \
spiderman starwars pokemon naruto minecraft fortnite trustno1 whatever freedom forever friends family \
mother father daddy mommy michael jordan jessica jennifer ashley daniel thomas robert andrew charlie george \
matthew joshua nicole michelle anthony samantha hannah maggie ginger pepper cookie banana orange apple \
cheese chocolate computer internet samsung google facebook android windows microsoft linux server database \
system oracle cisco ferrari mustang porsche mercedes corvette harley yamaha honda money dollar lucky casino \
jesus christ blessed diamond silver golden purple orange yellow black white green heaven asshole fuckyou \
fuckoff pussy qwerty azerty qazwsx zaq12wsx asdf zxcvbn company office work school student teacher \
sluice upload storage backup cloud files";

/// Whether guessers would soon try the password of this user.
pub(super) fn is_guessable(password: &str, username: &str) -> bool {
    let typed: Vec<char> = password.chars().flat_map(char::to_lowercase).collect();
    let username: Vec<char> = username.chars().collect();
    let period = period(&typed);
    let repeats = usize::from(period < typed.len());
    pieces(&typed[..period], &username) + repeats < LEFT_MIN
}

/// The length of the shortest text that makes this one by repetition, the last time perhaps in part.
fn period(text: &[char]) -> usize {
    let repeats = |period: &usize| text.iter().zip(&text[*period..]).all(|(earlier, later)| earlier == later);
    (1..=text.len() / 2).find(repeats).unwrap_or(text.len())
}

/// The number of known pieces and other characters.
fn pieces(mut rest: &[char], username: &[char]) -> usize {
    let mut count = 0;
    while !rest.is_empty() {
        rest = &rest[longest_piece(rest, username).max(1)..];
        count += 1;
    }
    count
}

/// The length of the longest known piece at the beginning of the text, or 0.
fn longest_piece(text: &[char], username: &[char]) -> usize {
    let words = WORDS.split(' ').filter(|word| begins_with(text, word)).map(str::len);
    let rows = ROWS.iter().map(|row| run(text, row)).filter(|length| *length >= RUN_MIN);
    let repeated = text.iter().take_while(|c| **c == text[0]).count();
    let name = if text.starts_with(username) { username.len() } else { 0 };
    let year = if is_year(text) { 4 } else { 0 };
    let others = [if repeated >= RUN_MIN { repeated } else { 0 }, name, year];
    words.chain(rows).chain(others).max().unwrap_or_default()
}

fn is_year(text: &[char]) -> bool {
    matches!(text, ['1', '9', tens, ones, ..] | ['2', '0', tens, ones, ..]
        if tens.is_ascii_digit() && ones.is_ascii_digit())
}

/// Whether the text begins with the word, or with a usual way to disguise it.
fn begins_with(text: &[char], word: &str) -> bool {
    text.len() >= word.len() && word.chars().zip(text).all(|(letter, typed)| stands_for(*typed, letter))
}

fn stands_for(typed: char, letter: char) -> bool {
    typed == letter
        || matches!(
            (typed, letter),
            ('4' | '@', 'a')
                | ('3', 'e')
                | ('1' | '!', 'i' | 'l')
                | ('0', 'o')
                | ('5' | '$', 's')
                | ('7', 't')
        )
}

/// How many characters of the text are neighbours in the row, in either direction.
fn run(text: &[char], row: &str) -> usize {
    let forwards: Vec<char> = row.chars().collect();
    let backwards: Vec<char> = row.chars().rev().collect();
    let common = |row: &[char]| row.iter().zip(text).take_while(|(key, typed)| key == typed).count();
    [forwards, backwards]
        .iter()
        .flat_map(|row| (0..row.len()).map(move |start| common(&row[start..])))
        .max()
        .unwrap_or_default()
}
