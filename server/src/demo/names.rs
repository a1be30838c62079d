//! Invented people.

use rand::Rng;
use rand::seq::IndexedRandom;

const FIRST: &[&str] = &[
    "Ada",
    "Aigerim",
    "Amara",
    "Anders",
    "Aoife",
    "Beatriz",
    "Bence",
    "Camille",
    "Chidi",
    "Dilek",
    "Elif",
    "Emre",
    "Farah",
    "Finn",
    "Giulia",
    "Hana",
    "Hugo",
    "Ingrid",
    "Iva",
    "Jamal",
    "Jonas",
    "Kaito",
    "Katarzyna",
    "Kofi",
    "Lars",
    "Leila",
    "Linh",
    "Lucía",
    "Malik",
    "Marit",
    "Mateo",
    "Mei",
    "Mikael",
    "Nadia",
    "Noor",
    "Oisín",
    "Olena",
    "Pablo",
    "Priya",
    "Quentin",
    "Rania",
    "Rasmus",
    "Saoirse",
    "Sofia",
    "Tariq",
    "Tomasz",
    "Ulla",
    "Vera",
    "Wanjiru",
    "Yara",
    "Yusuf",
    "Zoë",
];
const LAST: &[&str] = &[
    "Abara",
    "Almeida",
    "Åkesson",
    "Baranova",
    "Bianchi",
    "Brennan",
    "Çelik",
    "Costa",
    "Dlamini",
    "Dubois",
    "Eriksen",
    "Fontaine",
    "Garrido",
    "Haddad",
    "Hansen",
    "Hoàng",
    "Ibarra",
    "Iwasaki",
    "Jansen",
    "Kaya",
    "Kowalczyk",
    "Kruse",
    "Lindqvist",
    "López",
    "Mbeki",
    "Moreau",
    "Müller",
    "Nakata",
    "Novák",
    "O’Dwyer",
    "Okafor",
    "Pereira",
    "Petrov",
    "Quispe",
    "Rahman",
    "Ricci",
    "Rosén",
    "Sato",
    "Schreiber",
    "Silva",
    "Sørensen",
    "Takala",
    "Teixeira",
    "Ünal",
    "Varga",
    "Virtanen",
    "Weiss",
    "Yilmaz",
    "Zając",
    "Zhou",
];
const CITIES: &[&str] = &[
    "Aarhus", "Bergen", "Bilbao", "Cork", "Gdańsk", "Ghent", "Graz", "İzmir", "Lyon", "Porto", "Tartu",
    "Turin",
];
const NOTES: &[&str] = &[
    "Arrives late, about 22:30",
    "Needs a cot",
    "Quiet room, away from the lift",
    "Anniversary",
    "Invoice to the company",
    "Vegetarian breakfast",
    "Brings a bicycle",
    "Allergic to feathers",
];

/// An invented guest.
#[derive(Debug)]
pub(super) struct Person {
    pub first_name: &'static str,
    pub last_name: &'static str,
    pub email: String,
    pub phone: String,
    pub city: &'static str,
}

/// Makes somebody up. `.example` is reserved (RFC 2606), and so are the telephone numbers (as used in drama).
pub(super) fn person(random: &mut impl Rng) -> Person {
    let first_name = FIRST.choose(random).copied().unwrap_or("Ada");
    let last_name = LAST.choose(random).copied().unwrap_or("Silva");
    let plain =
        |text: &str| text.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
    let email = format!("{}.{}@mail.example", plain(first_name), plain(last_name));
    let phone = format!("+44 1632 960 {:03}", random.random_range(0..1000));
    Person { first_name, last_name, email, phone, city: CITIES.choose(random).copied().unwrap_or("Porto") }
}

/// A note for one booking in eight.
pub(super) fn note(random: &mut impl Rng) -> Option<&'static str> {
    if random.random_ratio(1, 8) { NOTES.choose(random).copied() } else { None }
}
