"""The class page: statistics, tables and charts of a class, in one file that asks nobody for anything."""
