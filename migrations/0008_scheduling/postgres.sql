CREATE TABLE "prerequisite" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "service_id" INTEGER NOT NULL,
    "needs_id" INTEGER NOT NULL,
    "at_least_hours" INTEGER NOT NULL,
    "within_days" INTEGER NOT NULL,
    "why" TEXT NOT NULL,
    FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("needs_id") REFERENCES "service" ("id") ON DELETE RESTRICT,
    CHECK (service_id <> needs_id),
    CHECK (at_least_hours BETWEEN 0 AND 2160),
    CHECK (within_days BETWEEN 1 AND 3650 AND within_days * 24 > at_least_hours)
);

CREATE INDEX "prerequisite_service_id" ON "prerequisite" ("service_id");

CREATE INDEX "prerequisite_needs_id" ON "prerequisite" ("needs_id");

CREATE UNIQUE INDEX "prerequisite_service_id_needs_id" ON "prerequisite" ("service_id", "needs_id");

CREATE TABLE "hours_exception" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "location_id" INTEGER NOT NULL,
    "provider_id" INTEGER,
    "first_on" DATE NOT NULL,
    "last_on" DATE NOT NULL,
    "opens_minute" INTEGER,
    "closes_minute" INTEGER,
    "reason" VARCHAR(120) NOT NULL,
    FOREIGN KEY ("location_id") REFERENCES "location" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT,
    CHECK (first_on <= last_on),
    CHECK ((opens_minute IS NULL) = (closes_minute IS NULL)),
    CHECK (opens_minute >= 0 AND opens_minute < closes_minute AND closes_minute <= 1440)
);

CREATE INDEX "hours_exception_location_id" ON "hours_exception" ("location_id");

CREATE INDEX "hours_exception_provider_id" ON "hours_exception" ("provider_id");

CREATE INDEX "hours_exception_location_id_last_on" ON "hours_exception" ("location_id", "last_on");

CREATE TABLE "resource_kind" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "name" VARCHAR(80) NOT NULL,
    "room" BOOLEAN NOT NULL
);

CREATE UNIQUE INDEX "resource_kind_name" ON "resource_kind" ("name");

CREATE TABLE "resource" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "kind_id" INTEGER NOT NULL,
    "location_id" INTEGER NOT NULL,
    "name" VARCHAR(80) NOT NULL,
    "cleanup_minutes" INTEGER NOT NULL,
    "archived_at" TIMESTAMPTZ,
    FOREIGN KEY ("kind_id") REFERENCES "resource_kind" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("location_id") REFERENCES "location" ("id") ON DELETE RESTRICT,
    CHECK (cleanup_minutes BETWEEN 0 AND 240)
);

CREATE INDEX "resource_kind_id" ON "resource" ("kind_id");

CREATE INDEX "resource_location_id" ON "resource" ("location_id");

CREATE UNIQUE INDEX "resource_location_id_name" ON "resource" ("location_id", "name");

CREATE TABLE "resource_hours" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "resource_id" INTEGER NOT NULL,
    "weekday" INTEGER NOT NULL,
    "opens_minute" INTEGER NOT NULL,
    "closes_minute" INTEGER NOT NULL,
    FOREIGN KEY ("resource_id") REFERENCES "resource" ("id") ON DELETE RESTRICT,
    CHECK (weekday BETWEEN 0 AND 6),
    CHECK (opens_minute >= 0 AND opens_minute < closes_minute AND closes_minute <= 1440)
);

CREATE INDEX "resource_hours_resource_id" ON "resource_hours" ("resource_id");

CREATE TABLE "resource_off" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "resource_id" INTEGER NOT NULL,
    "starts_at" TIMESTAMPTZ NOT NULL,
    "ends_at" TIMESTAMPTZ NOT NULL,
    "reason" VARCHAR(120) NOT NULL,
    FOREIGN KEY ("resource_id") REFERENCES "resource" ("id") ON DELETE RESTRICT,
    CHECK (starts_at < ends_at)
);

CREATE INDEX "resource_off_resource_id" ON "resource_off" ("resource_id");

CREATE INDEX "resource_off_resource_id_ends_at" ON "resource_off" ("resource_id", "ends_at");

CREATE TABLE "service_need" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "service_id" INTEGER NOT NULL,
    "kind_id" INTEGER NOT NULL,
    FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("kind_id") REFERENCES "resource_kind" ("id") ON DELETE RESTRICT
);

CREATE INDEX "service_need_service_id" ON "service_need" ("service_id");

CREATE INDEX "service_need_kind_id" ON "service_need" ("kind_id");

CREATE UNIQUE INDEX "service_need_service_id_kind_id" ON "service_need" ("service_id", "kind_id");

CREATE TABLE "acting_for" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "patient_id" INTEGER NOT NULL,
    "other_id" INTEGER NOT NULL,
    "relation" VARCHAR(60) NOT NULL,
    "since" TIMESTAMPTZ NOT NULL,
    "noted_by" VARCHAR(120) NOT NULL,
    "ended_at" TIMESTAMPTZ,
    FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("other_id") REFERENCES "patient" ("id") ON DELETE RESTRICT,
    CHECK (patient_id <> other_id)
);

CREATE INDEX "acting_for_patient_id" ON "acting_for" ("patient_id");

CREATE INDEX "acting_for_other_id" ON "acting_for" ("other_id");

CREATE INDEX "acting_for_other_id_ended_at" ON "acting_for" ("other_id", "ended_at");

CREATE UNIQUE INDEX "acting_for_one_live" ON "acting_for" ("patient_id", "other_id") WHERE ended_at IS NULL;

CREATE TABLE "calendar_feed" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "patient_id" INTEGER NOT NULL,
    "token_digest" VARCHAR(64) NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "read_at" TIMESTAMPTZ,
    "revoked_at" TIMESTAMPTZ,
    FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT
);

CREATE INDEX "calendar_feed_patient_id" ON "calendar_feed" ("patient_id");

CREATE UNIQUE INDEX "calendar_feed_token_digest" ON "calendar_feed" ("token_digest");

CREATE TABLE "hold" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "patient_id" INTEGER NOT NULL,
    "held_by_id" INTEGER NOT NULL,
    "key" VARCHAR(64) NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "expires_at" TIMESTAMPTZ NOT NULL,
    "extended_at" TIMESTAMPTZ,
    "ended_at" TIMESTAMPTZ,
    "ended" VARCHAR(24) NOT NULL CHECK ("ended" IN ('', 'booked', 'released', 'lapsed')),
    FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("held_by_id") REFERENCES "patient" ("id") ON DELETE RESTRICT,
    CHECK ((ended_at IS NULL) = (ended = ''))
);

CREATE INDEX "hold_patient_id" ON "hold" ("patient_id");

CREATE INDEX "hold_held_by_id" ON "hold" ("held_by_id");

CREATE UNIQUE INDEX "hold_key" ON "hold" ("key");

CREATE INDEX "hold_held_by_id_ended_at" ON "hold" ("held_by_id", "ended_at");

CREATE INDEX "hold_ended_at_expires_at" ON "hold" ("ended_at", "expires_at");

CREATE TABLE "hold_part" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "hold_id" INTEGER NOT NULL,
    "position" INTEGER NOT NULL,
    "service_id" INTEGER NOT NULL,
    "provider_id" INTEGER NOT NULL,
    "location_id" INTEGER NOT NULL,
    "starts_at" TIMESTAMPTZ NOT NULL,
    "ends_at" TIMESTAMPTZ NOT NULL,
    FOREIGN KEY ("hold_id") REFERENCES "hold" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("location_id") REFERENCES "location" ("id") ON DELETE RESTRICT
);

CREATE INDEX "hold_part_hold_id" ON "hold_part" ("hold_id");

CREATE INDEX "hold_part_service_id" ON "hold_part" ("service_id");

CREATE INDEX "hold_part_provider_id" ON "hold_part" ("provider_id");

CREATE INDEX "hold_part_location_id" ON "hold_part" ("location_id");

CREATE UNIQUE INDEX "hold_part_hold_id_position" ON "hold_part" ("hold_id", "position");

CREATE TABLE "occupancy" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "appointment_id" INTEGER,
    "hold_id" INTEGER,
    "provider_id" INTEGER,
    "patient_id" INTEGER,
    "resource_id" INTEGER,
    "service_id" INTEGER NOT NULL,
    "lane" INTEGER NOT NULL,
    "starts_at" TIMESTAMPTZ NOT NULL,
    "ends_at" TIMESTAMPTZ NOT NULL,
    "before_minutes" INTEGER NOT NULL,
    "after_minutes" INTEGER NOT NULL,
    FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("hold_id") REFERENCES "hold" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("resource_id") REFERENCES "resource" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE RESTRICT,
    CHECK (starts_at < ends_at),
    CHECK ((appointment_id IS NULL) <> (hold_id IS NULL)),
    CHECK ((provider_id IS NULL) <> (resource_id IS NULL)),
    CHECK ((provider_id IS NULL) = (patient_id IS NULL))
);

CREATE INDEX "occupancy_appointment_id" ON "occupancy" ("appointment_id");

CREATE INDEX "occupancy_hold_id" ON "occupancy" ("hold_id");

CREATE INDEX "occupancy_provider_id_starts_at" ON "occupancy" ("provider_id", "starts_at");

CREATE INDEX "occupancy_patient_id_starts_at" ON "occupancy" ("patient_id", "starts_at");

CREATE INDEX "occupancy_resource_id_starts_at" ON "occupancy" ("resource_id", "starts_at");

CREATE TABLE "running_late" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "appointment_id" INTEGER NOT NULL,
    "minutes" INTEGER NOT NULL,
    "told_at" TIMESTAMPTZ NOT NULL,
    "for_start" TIMESTAMPTZ NOT NULL,
    "left_minutes" INTEGER NOT NULL,
    "answer" TEXT NOT NULL,
    FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT,
    CHECK (minutes BETWEEN 1 AND 240)
);

CREATE INDEX "running_late_appointment_id" ON "running_late" ("appointment_id");

CREATE TABLE "waitlist_entry" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "patient_id" INTEGER NOT NULL,
    "asked_by_id" INTEGER NOT NULL,
    "service_id" INTEGER NOT NULL,
    "provider_id" INTEGER,
    "location_id" INTEGER,
    "weekdays" JSONB NOT NULL,
    "from_minute" INTEGER NOT NULL,
    "to_minute" INTEGER NOT NULL,
    "first_on" DATE NOT NULL,
    "last_on" DATE NOT NULL,
    "late_too" BOOLEAN NOT NULL,
    "status" VARCHAR(24) NOT NULL CHECK ("status" IN ('waiting', 'booked', 'left', 'over')),
    "created_at" TIMESTAMPTZ NOT NULL,
    "ended_at" TIMESTAMPTZ,
    FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("asked_by_id") REFERENCES "patient" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("location_id") REFERENCES "location" ("id") ON DELETE RESTRICT,
    CHECK (first_on <= last_on),
    CHECK (from_minute >= 0 AND from_minute < to_minute AND to_minute <= 1440)
);

CREATE INDEX "waitlist_entry_patient_id" ON "waitlist_entry" ("patient_id");

CREATE INDEX "waitlist_entry_asked_by_id" ON "waitlist_entry" ("asked_by_id");

CREATE INDEX "waitlist_entry_service_id" ON "waitlist_entry" ("service_id");

CREATE INDEX "waitlist_entry_provider_id" ON "waitlist_entry" ("provider_id");

CREATE INDEX "waitlist_entry_location_id" ON "waitlist_entry" ("location_id");

CREATE INDEX "waitlist_entry_service_id_status_created_at" ON "waitlist_entry" ("service_id", "status", "created_at");

CREATE INDEX "waitlist_entry_patient_id_status" ON "waitlist_entry" ("patient_id", "status");

CREATE TABLE "offer" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "entry_id" INTEGER NOT NULL,
    "nonce" VARCHAR(64) NOT NULL,
    "batch" VARCHAR(64) NOT NULL,
    "service_id" INTEGER NOT NULL,
    "provider_id" INTEGER NOT NULL,
    "location_id" INTEGER NOT NULL,
    "starts_at" TIMESTAMPTZ NOT NULL,
    "offered_at" TIMESTAMPTZ NOT NULL,
    "expires_at" TIMESTAMPTZ NOT NULL,
    "status" VARCHAR(24) NOT NULL CHECK ("status" IN ('open', 'accepted', 'declined', 'gone', 'expired')),
    "answered_at" TIMESTAMPTZ,
    "appointment_id" INTEGER,
    FOREIGN KEY ("entry_id") REFERENCES "waitlist_entry" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("location_id") REFERENCES "location" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT,
    CHECK ((status = 'accepted') = (appointment_id IS NOT NULL))
);

CREATE INDEX "offer_entry_id" ON "offer" ("entry_id");

CREATE UNIQUE INDEX "offer_nonce" ON "offer" ("nonce");

CREATE INDEX "offer_service_id" ON "offer" ("service_id");

CREATE INDEX "offer_provider_id" ON "offer" ("provider_id");

CREATE INDEX "offer_location_id" ON "offer" ("location_id");

CREATE INDEX "offer_appointment_id" ON "offer" ("appointment_id");

CREATE INDEX "offer_status_expires_at" ON "offer" ("status", "expires_at");

CREATE INDEX "offer_entry_id_starts_at" ON "offer" ("entry_id", "starts_at");

CREATE INDEX "offer_batch" ON "offer" ("batch");
