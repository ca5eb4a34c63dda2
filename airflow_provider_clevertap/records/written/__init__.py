"""Values as other programs write them: numbers of many countries, and words that stand for other values."""
