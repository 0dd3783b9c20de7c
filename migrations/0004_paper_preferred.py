"""A patient may prefer paper to signing on a screen."""


def up(migrator, db):
    db.execute_sql('ALTER TABLE "patient" ADD COLUMN "paper_since" TIMESTAMPTZ')


def down(migrator, db):
    db.execute_sql('ALTER TABLE "patient" DROP COLUMN "paper_since"')
