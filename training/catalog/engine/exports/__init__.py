"""What other programs can read of a curriculum: GIFT, Moodle XML, cards, pages without a server."""
