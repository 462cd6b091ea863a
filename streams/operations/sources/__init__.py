"""Operations on sources: overview, replay, pull, import, checks and samples."""
