"""A consent may have been signed on paper: staff say so, with a note where to find it."""


def up(migrator, db):
    db.execute_sql("""ALTER TABLE "task" ADD COLUMN "signed_on_paper_by" VARCHAR(120) NOT NULL DEFAULT ''""")
    db.execute_sql("""ALTER TABLE "task" ADD COLUMN "signed_on_paper_note" TEXT NOT NULL DEFAULT ''""")


def down(migrator, db):
    db.execute_sql('ALTER TABLE "task" DROP COLUMN "signed_on_paper_note"')
    db.execute_sql('ALTER TABLE "task" DROP COLUMN "signed_on_paper_by"')
