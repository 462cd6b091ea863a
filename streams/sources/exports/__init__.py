"""Exported files of a CRM: CSV and JSON lines as items that rules of the mapping file match."""
