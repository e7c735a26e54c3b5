"""How values are read and written: tables people hand in, CSV, moments, rows of plain SQL, stored
sentences.
"""
