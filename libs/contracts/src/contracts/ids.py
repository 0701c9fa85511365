"""Typed identifiers, so that a guest's id is never passed where a hotel's belongs. All are UUIDs, ours UUIDv7."""

from typing import NewType
from uuid import UUID

# identity
HotelId = NewType("HotelId", UUID)
UserId = NewType("UserId", UUID)
GuestId = NewType("GuestId", UUID)
SessionId = NewType("SessionId", UUID)
ApiKeyId = NewType("ApiKeyId", UUID)
ImpersonationId = NewType("ImpersonationId", UUID)
AuditEntryId = NewType("AuditEntryId", UUID)

# conversation
ConversationId = NewType("ConversationId", UUID)
MessageId = NewType("MessageId", UUID)
TurnId = NewType("TurnId", UUID)
ArticleId = NewType("ArticleId", UUID)
CannedReplyId = NewType("CannedReplyId", UUID)

# escalation
EscalationId = NewType("EscalationId", UUID)
SlaPolicyId = NewType("SlaPolicyId", UUID)
ApprovalId = NewType("ApprovalId", UUID)
ApprovalStepId = NewType("ApprovalStepId", UUID)

# telephony
CallId = NewType("CallId", UUID)

# analytics
ReportId = NewType("ReportId", UUID)

# usage
UsageRecordId = NewType("UsageRecordId", UUID)
BudgetId = NewType("BudgetId", UUID)
AnomalyId = NewType("AnomalyId", UUID)

# notification
NotificationId = NewType("NotificationId", UUID)
DeliveryId = NewType("DeliveryId", UUID)
WebhookId = NewType("WebhookId", UUID)

# every service
EventId = NewType("EventId", UUID)
