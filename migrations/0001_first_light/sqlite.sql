CREATE TABLE "plan" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "name" VARCHAR(120) NOT NULL,
    "summary" TEXT NOT NULL,
    "benefits" TEXT NOT NULL,
    "price_minor" INTEGER NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "period" VARCHAR(24) NOT NULL CHECK ("period" IN ('month', 'year')),
    "archived_at" TIMESTAMPTZ,
    CHECK (price_minor >= 0)
);

CREATE UNIQUE INDEX "plan_name" ON "plan" ("name");

CREATE TABLE "agreement_version" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "plan_id" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "text" TEXT NOT NULL,
    "digest" VARCHAR(64) NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "created_by" VARCHAR(120) NOT NULL,
    FOREIGN KEY ("plan_id") REFERENCES "plan" ("id") ON DELETE RESTRICT
);

CREATE INDEX "agreement_version_plan_id" ON "agreement_version" ("plan_id");

CREATE UNIQUE INDEX "agreement_version_plan_id_number" ON "agreement_version" ("plan_id", "number");

CREATE TABLE "patient" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "first_name" VARCHAR(80) NOT NULL,
    "last_name" VARCHAR(80) NOT NULL,
    "preferred_name" VARCHAR(80) NOT NULL,
    "pronouns" VARCHAR(40) NOT NULL,
    "birth_date" DATE,
    "email" VARCHAR(254),
    "email_verified_at" TIMESTAMPTZ,
    "phone" VARCHAR(32) NOT NULL,
    "street" VARCHAR(200) NOT NULL,
    "city" VARCHAR(100) NOT NULL,
    "region" VARCHAR(100) NOT NULL,
    "postal_code" VARCHAR(20) NOT NULL,
    "country" VARCHAR(60) NOT NULL,
    "emergency_name" VARCHAR(120) NOT NULL,
    "emergency_relation" VARCHAR(60) NOT NULL,
    "emergency_phone" VARCHAR(32) NOT NULL,
    "allergies" TEXT NOT NULL,
    "medical_notes" TEXT NOT NULL,
    "care_by_email" INTEGER NOT NULL,
    "marketing_by_email" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "archived_at" TIMESTAMPTZ,
    "maybe_same_id" INTEGER,
    FOREIGN KEY ("maybe_same_id") REFERENCES "patient" ("id") ON DELETE RESTRICT
);

CREATE UNIQUE INDEX "patient_email" ON "patient" ("email");

CREATE INDEX "patient_maybe_same_id" ON "patient" ("maybe_same_id");

CREATE INDEX "patient_last_name_first_name" ON "patient" ("last_name", "first_name");

CREATE TABLE "category" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "name" VARCHAR(80) NOT NULL,
    "position" INTEGER NOT NULL
);

CREATE UNIQUE INDEX "category_name" ON "category" ("name");

CREATE TABLE "service" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "category_id" INTEGER NOT NULL,
    "name" VARCHAR(120) NOT NULL,
    "summary" TEXT NOT NULL,
    "duration_minutes" INTEGER NOT NULL,
    "buffer_minutes" INTEGER NOT NULL,
    "price_minor" INTEGER NOT NULL,
    "archived_at" TIMESTAMPTZ,
    FOREIGN KEY ("category_id") REFERENCES "category" ("id") ON DELETE RESTRICT,
    CHECK (duration_minutes BETWEEN 5 AND 720),
    CHECK (buffer_minutes BETWEEN 0 AND 240),
    CHECK (price_minor >= 0)
);

CREATE INDEX "service_category_id" ON "service" ("category_id");

CREATE UNIQUE INDEX "service_name" ON "service" ("name");

CREATE TABLE "staff" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "name" VARCHAR(120) NOT NULL,
    "email" VARCHAR(254) NOT NULL,
    "role" VARCHAR(24) NOT NULL CHECK ("role" IN ('owner', 'provider', 'desk')),
    "password_hash" VARCHAR(255) NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "archived_at" TIMESTAMPTZ
);

CREATE UNIQUE INDEX "staff_email" ON "staff" ("email");

CREATE TABLE "provider" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "name" VARCHAR(120) NOT NULL,
    "title" VARCHAR(80) NOT NULL,
    "staff_id" INTEGER,
    "archived_at" TIMESTAMPTZ,
    FOREIGN KEY ("staff_id") REFERENCES "staff" ("id") ON DELETE RESTRICT
);

CREATE UNIQUE INDEX "provider_staff_id" ON "provider" ("staff_id");

CREATE TABLE "location" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "name" VARCHAR(120) NOT NULL,
    "address" TEXT NOT NULL,
    "phone" VARCHAR(32) NOT NULL,
    "directions" TEXT NOT NULL,
    "time_zone" VARCHAR(64) NOT NULL,
    "archived_at" TIMESTAMPTZ
);

CREATE TABLE "appointment" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "patient_id" INTEGER NOT NULL,
    "service_id" INTEGER NOT NULL,
    "provider_id" INTEGER NOT NULL,
    "location_id" INTEGER NOT NULL,
    "starts_at" TIMESTAMPTZ NOT NULL,
    "ends_at" TIMESTAMPTZ NOT NULL,
    "buffer_minutes" INTEGER NOT NULL,
    "price_minor" INTEGER NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "status" VARCHAR(24) NOT NULL CHECK ("status" IN ('booked', 'arrived', 'completed', 'cancelled', 'missed')),
    "request_key" VARCHAR(64) NOT NULL,
    "booked_at" TIMESTAMPTZ NOT NULL,
    "booked_by" VARCHAR(24) NOT NULL,
    "moves" INTEGER NOT NULL,
    "arrived_at" TIMESTAMPTZ,
    "closed_at" TIMESTAMPTZ,
    "closed_by" VARCHAR(120) NOT NULL,
    "closed_by_kind" VARCHAR(24) NOT NULL,
    "closed_why" TEXT NOT NULL,
    FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("location_id") REFERENCES "location" ("id") ON DELETE RESTRICT,
    CHECK (starts_at < ends_at),
    CHECK (price_minor >= 0)
);

CREATE INDEX "appointment_patient_id" ON "appointment" ("patient_id");

CREATE INDEX "appointment_service_id" ON "appointment" ("service_id");

CREATE INDEX "appointment_provider_id" ON "appointment" ("provider_id");

CREATE INDEX "appointment_location_id" ON "appointment" ("location_id");

CREATE UNIQUE INDEX "appointment_request_key" ON "appointment" ("request_key");

CREATE INDEX "appointment_provider_id_starts_at" ON "appointment" ("provider_id", "starts_at");

CREATE INDEX "appointment_patient_id_starts_at" ON "appointment" ("patient_id", "starts_at");

CREATE INDEX "appointment_location_id_starts_at" ON "appointment" ("location_id", "starts_at");

CREATE TABLE "paperwork" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "kind" VARCHAR(24) NOT NULL CHECK ("kind" IN ('questionnaire', 'consent', 'pre_treatment', 'post_treatment')),
    "name" VARCHAR(120) NOT NULL,
    "delay_minutes" INTEGER NOT NULL,
    "validity" VARCHAR(24) NOT NULL CHECK ("validity" IN ('every_visit', 'once', 'days')),
    "validity_days" INTEGER,
    "archived_at" TIMESTAMPTZ,
    CHECK (delay_minutes >= 0),
    CHECK ((validity = 'days') = (validity_days IS NOT NULL))
);

CREATE TABLE "paperwork_version" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "paperwork_id" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "title" VARCHAR(160) NOT NULL,
    "body" TEXT NOT NULL,
    "questions" TEXT NOT NULL,
    "digest" VARCHAR(64) NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "created_by" VARCHAR(120) NOT NULL,
    FOREIGN KEY ("paperwork_id") REFERENCES "paperwork" ("id") ON DELETE RESTRICT
);

CREATE INDEX "paperwork_version_paperwork_id" ON "paperwork_version" ("paperwork_id");

CREATE UNIQUE INDEX "paperwork_version_paperwork_id_number" ON "paperwork_version" ("paperwork_id", "number");

CREATE TABLE "task" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "patient_id" INTEGER NOT NULL,
    "appointment_id" INTEGER NOT NULL,
    "paperwork_id" INTEGER NOT NULL,
    "version_id" INTEGER,
    "status" VARCHAR(24) NOT NULL CHECK ("status" IN ('open', 'in_progress', 'done', 'not_needed')),
    "created_at" TIMESTAMPTZ NOT NULL,
    "begun_at" TIMESTAMPTZ,
    "done_at" TIMESTAMPTZ,
    "counted_from_id" INTEGER,
    "lapsed_at" TIMESTAMPTZ,
    FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("paperwork_id") REFERENCES "paperwork" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("version_id") REFERENCES "paperwork_version" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("counted_from_id") REFERENCES "task" ("id") ON DELETE RESTRICT,
    CHECK (status <> 'done' OR done_at IS NOT NULL)
);

CREATE INDEX "task_patient_id" ON "task" ("patient_id");

CREATE INDEX "task_appointment_id" ON "task" ("appointment_id");

CREATE INDEX "task_paperwork_id" ON "task" ("paperwork_id");

CREATE INDEX "task_version_id" ON "task" ("version_id");

CREATE INDEX "task_counted_from_id" ON "task" ("counted_from_id");

CREATE INDEX "task_patient_id_status" ON "task" ("patient_id", "status");

CREATE INDEX "task_patient_id_paperwork_id_done_at" ON "task" ("patient_id", "paperwork_id", "done_at");

CREATE UNIQUE INDEX "task_one_per_visit" ON "task" ("appointment_id", "paperwork_id") WHERE lapsed_at IS NULL;

CREATE TABLE "answer" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "task_id" INTEGER NOT NULL,
    "question" VARCHAR(40) NOT NULL,
    "value" TEXT,
    "saved_at" TIMESTAMPTZ NOT NULL,
    FOREIGN KEY ("task_id") REFERENCES "task" ("id") ON DELETE RESTRICT
);

CREATE INDEX "answer_task_id" ON "answer" ("task_id");

CREATE UNIQUE INDEX "answer_task_id_question" ON "answer" ("task_id", "question");

CREATE TABLE "appointment_move" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "appointment_id" INTEGER NOT NULL,
    "from_starts_at" TIMESTAMPTZ NOT NULL,
    "to_starts_at" TIMESTAMPTZ NOT NULL,
    "from_location_id" INTEGER NOT NULL,
    "from_provider_id" INTEGER NOT NULL,
    "to_provider_id" INTEGER NOT NULL,
    "window" VARCHAR(24) NOT NULL CHECK ("window" IN ('follows', 'closed', 'open')),
    "moved_at" TIMESTAMPTZ NOT NULL,
    "moved_by" VARCHAR(120) NOT NULL,
    FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("from_location_id") REFERENCES "location" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("from_provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("to_provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT
);

CREATE INDEX "appointment_move_appointment_id" ON "appointment_move" ("appointment_id");

CREATE INDEX "appointment_move_from_location_id" ON "appointment_move" ("from_location_id");

CREATE INDEX "appointment_move_from_provider_id" ON "appointment_move" ("from_provider_id");

CREATE INDEX "appointment_move_to_provider_id" ON "appointment_move" ("to_provider_id");

CREATE TABLE "assignment" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "service_id" INTEGER NOT NULL,
    "paperwork_id" INTEGER NOT NULL,
    FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("paperwork_id") REFERENCES "paperwork" ("id") ON DELETE RESTRICT
);

CREATE INDEX "assignment_service_id" ON "assignment" ("service_id");

CREATE INDEX "assignment_paperwork_id" ON "assignment" ("paperwork_id");

CREATE UNIQUE INDEX "assignment_service_id_paperwork_id" ON "assignment" ("service_id", "paperwork_id");

CREATE TABLE "attempt" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "bucket" VARCHAR(120) NOT NULL,
    "at" TIMESTAMPTZ NOT NULL
);

CREATE INDEX "attempt_bucket_at" ON "attempt" ("bucket", "at");

CREATE TABLE "membership" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "patient_id" INTEGER NOT NULL,
    "plan_id" INTEGER NOT NULL,
    "agreement_id" INTEGER NOT NULL,
    "price_minor" INTEGER NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "period" VARCHAR(24) NOT NULL CHECK ("period" IN ('month', 'year')),
    "status" VARCHAR(24) NOT NULL CHECK ("status" IN ('active', 'ended')),
    "joined_at" TIMESTAMPTZ NOT NULL,
    "joined_on" DATE NOT NULL,
    "period_starts_on" DATE NOT NULL,
    "next_charge_on" DATE NOT NULL,
    "ends_on" DATE,
    "request_key" VARCHAR(64) NOT NULL,
    FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("plan_id") REFERENCES "plan" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("agreement_id") REFERENCES "agreement_version" ("id") ON DELETE RESTRICT
);

CREATE INDEX "membership_patient_id" ON "membership" ("patient_id");

CREATE INDEX "membership_plan_id" ON "membership" ("plan_id");

CREATE INDEX "membership_agreement_id" ON "membership" ("agreement_id");

CREATE UNIQUE INDEX "membership_request_key" ON "membership" ("request_key");

CREATE INDEX "membership_status_next_charge_on" ON "membership" ("status", "next_charge_on");

CREATE UNIQUE INDEX "membership_one_active" ON "membership" ("patient_id") WHERE status = 'active';

CREATE TABLE "policy" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "number" INTEGER NOT NULL,
    "text" TEXT NOT NULL,
    "notice_hours" INTEGER NOT NULL,
    "fee_kind" VARCHAR(24) NOT NULL CHECK ("fee_kind" IN ('fixed', 'percent')),
    "fee_value" INTEGER NOT NULL,
    "no_show_kind" VARCHAR(24) NOT NULL CHECK ("no_show_kind" IN ('fixed', 'percent')),
    "no_show_value" INTEGER NOT NULL,
    "late_move_costs" INTEGER NOT NULL,
    "active" INTEGER NOT NULL,
    "digest" VARCHAR(64) NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "created_by" VARCHAR(120) NOT NULL,
    CHECK (notice_hours BETWEEN 0 AND 720),
    CHECK (fee_value >= 0 AND (fee_kind = 'fixed' OR fee_value <= 100)),
    CHECK (no_show_value >= 0 AND (no_show_kind = 'fixed' OR no_show_value <= 100))
);

CREATE UNIQUE INDEX "policy_number" ON "policy" ("number");

CREATE TABLE "charge" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "patient_id" INTEGER NOT NULL,
    "appointment_id" INTEGER,
    "membership_id" INTEGER,
    "period_starts_on" DATE,
    "reason" VARCHAR(24) NOT NULL CHECK ("reason" IN ('cancellation_fee', 'late_move_fee', 'no_show_fee', 'membership_period')),
    "amount_minor" INTEGER NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "status" VARCHAR(24) NOT NULL CHECK ("status" IN ('owed', 'paid', 'waived', 'refunded')),
    "policy_id" INTEGER,
    "because" TEXT NOT NULL,
    "receipt_number" INTEGER NOT NULL,
    "request_key" VARCHAR(64) NOT NULL,
    "gateway" VARCHAR(24) NOT NULL,
    "gateway_reference" VARCHAR(120) NOT NULL,
    "refund_reference" VARCHAR(120) NOT NULL,
    "ask_at" TIMESTAMPTZ,
    "created_at" TIMESTAMPTZ NOT NULL,
    "settled_at" TIMESTAMPTZ,
    "settled_by" VARCHAR(120) NOT NULL,
    "settled_why" TEXT NOT NULL,
    "withdrawn_at" TIMESTAMPTZ,
    FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("membership_id") REFERENCES "membership" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("policy_id") REFERENCES "policy" ("id") ON DELETE RESTRICT,
    CHECK (amount_minor > 0)
);

CREATE INDEX "charge_patient_id" ON "charge" ("patient_id");

CREATE INDEX "charge_appointment_id" ON "charge" ("appointment_id");

CREATE INDEX "charge_membership_id" ON "charge" ("membership_id");

CREATE INDEX "charge_policy_id" ON "charge" ("policy_id");

CREATE UNIQUE INDEX "charge_receipt_number" ON "charge" ("receipt_number");

CREATE UNIQUE INDEX "charge_request_key" ON "charge" ("request_key");

CREATE INDEX "charge_ask_at" ON "charge" ("ask_at");

CREATE UNIQUE INDEX "charge_appointment_id_reason" ON "charge" ("appointment_id", "reason");

CREATE UNIQUE INDEX "charge_membership_id_period_starts_on" ON "charge" ("membership_id", "period_starts_on");

CREATE INDEX "charge_status_patient_id" ON "charge" ("status", "patient_id");

CREATE TABLE "clinic" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "name" VARCHAR(120) NOT NULL,
    "tagline" VARCHAR(200) NOT NULL,
    "phone" VARCHAR(32) NOT NULL,
    "email" VARCHAR(254) NOT NULL,
    "emergency_words" TEXT NOT NULL,
    "important_note" TEXT NOT NULL,
    "accent" VARCHAR(7) NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "website_url" VARCHAR(300) NOT NULL,
    "instagram_url" VARCHAR(300) NOT NULL,
    "facebook_url" VARCHAR(300) NOT NULL,
    "youtube_url" VARCHAR(300) NOT NULL,
    "linkedin_url" VARCHAR(300) NOT NULL,
    "messenger_url" VARCHAR(300) NOT NULL,
    "grace_minutes" INTEGER NOT NULL,
    "lead_minutes" INTEGER NOT NULL,
    "horizon_days" INTEGER NOT NULL,
    "slot_minutes" INTEGER NOT NULL,
    "patient_idle_minutes" INTEGER NOT NULL,
    "staff_idle_minutes" INTEGER NOT NULL,
    "instructions_in_mail" INTEGER NOT NULL,
    CHECK (id = 1),
    CHECK (slot_minutes BETWEEN 5 AND 240)
);

CREATE TABLE "login_code" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "purpose" VARCHAR(24) NOT NULL CHECK ("purpose" IN ('signin', 'register', 'email')),
    "email" VARCHAR(254) NOT NULL,
    "patient_id" INTEGER,
    "asked_by" VARCHAR(64) NOT NULL,
    "nonce" VARCHAR(64) NOT NULL,
    "details" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "expires_at" TIMESTAMPTZ NOT NULL,
    "tries" INTEGER NOT NULL,
    "used_at" TIMESTAMPTZ,
    FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT
);

CREATE INDEX "login_code_patient_id" ON "login_code" ("patient_id");

CREATE UNIQUE INDEX "login_code_nonce" ON "login_code" ("nonce");

CREATE INDEX "login_code_email_created_at" ON "login_code" ("email", "created_at");

CREATE TABLE "delivery" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "kind" VARCHAR(40) NOT NULL,
    "channel" VARCHAR(24) NOT NULL CHECK ("channel" IN ('email')),
    "address" VARCHAR(254) NOT NULL,
    "patient_id" INTEGER,
    "appointment_id" INTEGER,
    "task_id" INTEGER,
    "charge_id" INTEGER,
    "membership_id" INTEGER,
    "code_id" INTEGER,
    "details" TEXT NOT NULL,
    "because" VARCHAR(200) NOT NULL,
    "dedupe_key" VARCHAR(120) NOT NULL,
    "message_id" VARCHAR(160) NOT NULL,
    "status" VARCHAR(24) NOT NULL CHECK ("status" IN ('waiting', 'sending', 'sent', 'held', 'skipped', 'failed')),
    "due_at" TIMESTAMPTZ NOT NULL,
    "attempts" INTEGER NOT NULL,
    "lease_until" TIMESTAMPTZ,
    "failures" INTEGER NOT NULL,
    "failing_since" TIMESTAMPTZ,
    "awaits_server" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "settled_at" TIMESTAMPTZ,
    "outcome" TEXT NOT NULL,
    "seen_at" TIMESTAMPTZ,
    FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("task_id") REFERENCES "task" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("charge_id") REFERENCES "charge" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("membership_id") REFERENCES "membership" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("code_id") REFERENCES "login_code" ("id") ON DELETE RESTRICT
);

CREATE INDEX "delivery_patient_id" ON "delivery" ("patient_id");

CREATE INDEX "delivery_appointment_id" ON "delivery" ("appointment_id");

CREATE INDEX "delivery_task_id" ON "delivery" ("task_id");

CREATE INDEX "delivery_charge_id" ON "delivery" ("charge_id");

CREATE INDEX "delivery_membership_id" ON "delivery" ("membership_id");

CREATE INDEX "delivery_code_id" ON "delivery" ("code_id");

CREATE UNIQUE INDEX "delivery_dedupe_key" ON "delivery" ("dedupe_key");

CREATE UNIQUE INDEX "delivery_message_id" ON "delivery" ("message_id");

CREATE INDEX "delivery_status_due_at" ON "delivery" ("status", "due_at");

CREATE INDEX "delivery_patient_id_created_at" ON "delivery" ("patient_id", "created_at");

CREATE TABLE "fault" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "reference" VARCHAR(16) NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "route" VARCHAR(120) NOT NULL,
    "error" VARCHAR(120) NOT NULL,
    "place" TEXT NOT NULL
);

CREATE UNIQUE INDEX "fault_reference" ON "fault" ("reference");

CREATE TABLE "invitation" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "token_digest" VARCHAR(64) NOT NULL,
    "name" VARCHAR(120) NOT NULL,
    "email" VARCHAR(254) NOT NULL,
    "role" VARCHAR(24) NOT NULL CHECK ("role" IN ('owner', 'provider', 'desk')),
    "staff_id" INTEGER,
    "created_at" TIMESTAMPTZ NOT NULL,
    "expires_at" TIMESTAMPTZ NOT NULL,
    "used_at" TIMESTAMPTZ,
    FOREIGN KEY ("staff_id") REFERENCES "staff" ("id") ON DELETE RESTRICT
);

CREATE UNIQUE INDEX "invitation_token_digest" ON "invitation" ("token_digest");

CREATE INDEX "invitation_staff_id" ON "invitation" ("staff_id");

CREATE TABLE "kept_form" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "kept_by" VARCHAR(64) NOT NULL,
    "patient_id" INTEGER NOT NULL,
    "path" VARCHAR(500) NOT NULL,
    "fields" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "expires_at" TIMESTAMPTZ NOT NULL,
    FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT
);

CREATE INDEX "kept_form_patient_id" ON "kept_form" ("patient_id");

CREATE INDEX "kept_form_kept_by_patient_id" ON "kept_form" ("kept_by", "patient_id");

CREATE TABLE "login_session" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "token_digest" VARCHAR(64) NOT NULL,
    "patient_id" INTEGER,
    "staff_id" INTEGER,
    "how" VARCHAR(24) NOT NULL,
    "ip" VARCHAR(45) NOT NULL,
    "agent" VARCHAR(300) NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "seen_at" TIMESTAMPTZ NOT NULL,
    "ended_at" TIMESTAMPTZ,
    FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("staff_id") REFERENCES "staff" ("id") ON DELETE RESTRICT,
    CHECK ((patient_id IS NULL) <> (staff_id IS NULL))
);

CREATE UNIQUE INDEX "login_session_token_digest" ON "login_session" ("token_digest");

CREATE INDEX "login_session_patient_id" ON "login_session" ("patient_id");

CREATE INDEX "login_session_staff_id" ON "login_session" ("staff_id");

CREATE TABLE "policy_acceptance" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "appointment_id" INTEGER NOT NULL,
    "policy_id" INTEGER NOT NULL,
    "policy_digest" VARCHAR(64) NOT NULL,
    "shown_minor" INTEGER NOT NULL,
    "shown_no_show_minor" INTEGER NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "accepted_at" TIMESTAMPTZ NOT NULL,
    "accepted_by" VARCHAR(24) NOT NULL,
    "ip" VARCHAR(45) NOT NULL,
    "agent" VARCHAR(300) NOT NULL,
    FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("policy_id") REFERENCES "policy" ("id") ON DELETE RESTRICT
);

CREATE UNIQUE INDEX "policy_acceptance_appointment_id" ON "policy_acceptance" ("appointment_id");

CREATE INDEX "policy_acceptance_policy_id" ON "policy_acceptance" ("policy_id");

CREATE TABLE "service_provider" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "service_id" INTEGER NOT NULL,
    "provider_id" INTEGER NOT NULL,
    FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT
);

CREATE INDEX "service_provider_service_id" ON "service_provider" ("service_id");

CREATE INDEX "service_provider_provider_id" ON "service_provider" ("provider_id");

CREATE UNIQUE INDEX "service_provider_service_id_provider_id" ON "service_provider" ("service_id", "provider_id");

CREATE TABLE "signature" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "task_id" INTEGER,
    "membership_id" INTEGER,
    "patient_id" INTEGER NOT NULL,
    "method" VARCHAR(24) NOT NULL CHECK ("method" IN ('drawn', 'typed')),
    "signer_name" VARCHAR(160) NOT NULL,
    "strokes" TEXT,
    "shown_text" TEXT NOT NULL,
    "shown_digest" VARCHAR(64) NOT NULL,
    "version_digest" VARCHAR(64) NOT NULL,
    "signed_at" TIMESTAMPTZ NOT NULL,
    "time_zone" VARCHAR(64) NOT NULL,
    "ip" VARCHAR(45) NOT NULL,
    "agent" VARCHAR(300) NOT NULL,
    "session_number" INTEGER,
    "signed_in_how" VARCHAR(24) NOT NULL,
    "evidence_digest" VARCHAR(64) NOT NULL,
    FOREIGN KEY ("task_id") REFERENCES "task" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("membership_id") REFERENCES "membership" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT,
    CHECK ((task_id IS NULL) <> (membership_id IS NULL))
);

CREATE UNIQUE INDEX "signature_task_id" ON "signature" ("task_id");

CREATE UNIQUE INDEX "signature_membership_id" ON "signature" ("membership_id");

CREATE INDEX "signature_patient_id" ON "signature" ("patient_id");

CREATE TABLE "time_off" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "provider_id" INTEGER NOT NULL,
    "starts_at" TIMESTAMPTZ NOT NULL,
    "ends_at" TIMESTAMPTZ NOT NULL,
    "reason" VARCHAR(120) NOT NULL,
    FOREIGN KEY ("provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT,
    CHECK (starts_at < ends_at)
);

CREATE INDEX "time_off_provider_id" ON "time_off" ("provider_id");

CREATE INDEX "time_off_provider_id_starts_at" ON "time_off" ("provider_id", "starts_at");

CREATE TABLE "trail_end" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "lines" INTEGER NOT NULL,
    "digest" VARCHAR(64) NOT NULL,
    CHECK (id = 1)
);

CREATE TABLE "trail_entry" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "at" TIMESTAMPTZ NOT NULL,
    "actor_kind" VARCHAR(24) NOT NULL CHECK ("actor_kind" IN ('patient', 'staff', 'system')),
    "actor_number" INTEGER,
    "actor_name" VARCHAR(160) NOT NULL,
    "action" VARCHAR(60) NOT NULL,
    "subject" VARCHAR(60) NOT NULL,
    "patient_id" INTEGER,
    "details" TEXT NOT NULL,
    "previous_digest" VARCHAR(64) NOT NULL,
    "digest" VARCHAR(64) NOT NULL,
    FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT
);

CREATE INDEX "trail_entry_patient_id" ON "trail_entry" ("patient_id");

CREATE UNIQUE INDEX "trail_entry_digest" ON "trail_entry" ("digest");

CREATE INDEX "trail_entry_patient_id_at" ON "trail_entry" ("patient_id", "at");

CREATE INDEX "trail_entry_subject_at" ON "trail_entry" ("subject", "at");

CREATE TABLE "working_hours" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "provider_id" INTEGER NOT NULL,
    "location_id" INTEGER NOT NULL,
    "weekday" INTEGER NOT NULL,
    "opens_minute" INTEGER NOT NULL,
    "closes_minute" INTEGER NOT NULL,
    FOREIGN KEY ("provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("location_id") REFERENCES "location" ("id") ON DELETE RESTRICT,
    CHECK (weekday BETWEEN 0 AND 6),
    CHECK (opens_minute >= 0 AND opens_minute < closes_minute AND closes_minute <= 1440)
);

CREATE INDEX "working_hours_provider_id" ON "working_hours" ("provider_id");

CREATE INDEX "working_hours_location_id" ON "working_hours" ("location_id");
