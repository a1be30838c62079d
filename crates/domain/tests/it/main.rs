//! Rules that are played through for years.

#[cfg(test)]
mod ten_years;
