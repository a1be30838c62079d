//! Records by id, in the order they were made.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;
use crate::model::Record;

/// All records of one kind.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Table<T>(IndexMap<String, T>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(IndexMap::new())
    }
}

impl<T: Record + Clone> Table<T> {
    pub fn get(&self, id: &str) -> Option<&T> {
        self.0.get(id)
    }

    /// The record, or Stripe's 404 that blames `param`.
    pub fn find_for(&self, id: &str, param: &str) -> Result<&T, ApiError> {
        self.get(id).ok_or_else(|| ApiError::no_such(T::NAME, id, param))
    }

    /// The record a path names.
    pub fn find(&self, id: &str) -> Result<&T, ApiError> {
        self.find_for(id, "id")
    }

    /// A copy to work on; `put` brings it back.
    pub fn fetch(&self, id: &str) -> Result<T, ApiError> {
        self.find(id).cloned()
    }

    /// Adds a record, or replaces the one of the same id at its place.
    pub fn put(&mut self, record: T) {
        self.0.insert(record.id().to_owned(), record);
    }

    pub fn update(&mut self, id: &str, change: impl FnOnce(&mut T)) {
        if let Some(record) = self.0.get_mut(id) {
            change(record);
        }
    }

    pub fn remove(&mut self, id: &str) {
        self.0.shift_remove(id);
    }

    pub fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        self.0.retain(|_, record| keep(record));
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.0.values()
    }

    /// Newest first, as lists are answered.
    pub fn newest(&self) -> impl Iterator<Item = &T> {
        self.iter().rev()
    }
}
