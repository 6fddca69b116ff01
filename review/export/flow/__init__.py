"""The PRISMA 2020 flow of records: counted from the ledger, or as a database states it."""
