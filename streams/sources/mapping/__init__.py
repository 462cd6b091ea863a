"""[[event]] rules of a mapping file: compiled at load, applied to items."""

from streams.sources.mapping.translate import Read, Translation, Unmapped, translate

__all__ = ["Read", "Translation", "Unmapped", "translate"]
