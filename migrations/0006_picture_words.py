"""A picture in the clinic's texts says in words what it shows."""


def up(migrator, db):
    db.execute_sql("""ALTER TABLE "picture" ADD COLUMN "shows" VARCHAR(200) NOT NULL DEFAULT ''""")


def down(migrator, db):
    db.execute_sql('ALTER TABLE "picture" DROP COLUMN "shows"')
