"""What was seen, where and when: a catalog (SQLite) and a full-text index (tantivy), both derived."""
