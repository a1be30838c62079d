//! Charges their holders contest.

use serde::{Deserialize, Serialize};

use super::{Metadata, Timestamp, record};
use crate::form::text_enum;

text_enum! {
    /// Where a dispute stands.
    DisputeStatus { NeedsResponse = "needs_response", UnderReview = "under_review", Won = "won", Lost = "lost" }
}

impl DisputeStatus {
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Won | Self::Lost)
    }
}

/// A dispute.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Dispute {
    pub id: String,
    pub created: Timestamp,
    pub amount: i64,
    pub currency: String,
    pub charge: String,
    pub payment_intent: String,
    pub status: DisputeStatus,
    pub evidence_due_by: Timestamp,
    pub submissions: u32,
    /// The free text of the evidence.
    pub evidence: Option<String>,
    pub metadata: Metadata,
}

record!(Dispute = "dispute");
