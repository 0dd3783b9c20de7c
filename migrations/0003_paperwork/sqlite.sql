CREATE TABLE "category_assignment" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "category_id" INTEGER NOT NULL,
    "paperwork_id" INTEGER NOT NULL,
    FOREIGN KEY ("category_id") REFERENCES "category" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("paperwork_id") REFERENCES "paperwork" ("id") ON DELETE RESTRICT
);

CREATE INDEX "category_assignment_category_id" ON "category_assignment" ("category_id");

CREATE INDEX "category_assignment_paperwork_id" ON "category_assignment" ("paperwork_id");

CREATE UNIQUE INDEX "category_assignment_category_id_paperwork_id" ON "category_assignment" ("category_id", "paperwork_id");

CREATE TABLE "picture" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "file_name" VARCHAR(64) NOT NULL,
    "digest" VARCHAR(64) NOT NULL,
    "width" INTEGER NOT NULL,
    "height" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "created_by" VARCHAR(120) NOT NULL
);

CREATE UNIQUE INDEX "picture_file_name" ON "picture" ("file_name");

CREATE TABLE "photo" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "patient_id" INTEGER NOT NULL,
    "task_id" INTEGER NOT NULL,
    "question" VARCHAR(40) NOT NULL,
    "file_name" VARCHAR(64) NOT NULL,
    "digest" VARCHAR(64) NOT NULL,
    "size_bytes" INTEGER NOT NULL,
    "width" INTEGER NOT NULL,
    "height" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "removed_at" TIMESTAMPTZ,
    FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("task_id") REFERENCES "task" ("id") ON DELETE RESTRICT
);

CREATE INDEX "photo_patient_id" ON "photo" ("patient_id");

CREATE INDEX "photo_task_id" ON "photo" ("task_id");

CREATE UNIQUE INDEX "photo_file_name" ON "photo" ("file_name");

CREATE INDEX "photo_task_id_question" ON "photo" ("task_id", "question");

CREATE TABLE "finding" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "appointment_id" INTEGER NOT NULL,
    "patient_id" INTEGER NOT NULL,
    "service_id" INTEGER NOT NULL,
    "task_id" INTEGER NOT NULL,
    "question" VARCHAR(40) NOT NULL,
    "rule" INTEGER NOT NULL,
    "then" VARCHAR(24) NOT NULL CHECK ("then" IN ('flag', 'block')),
    "words" TEXT NOT NULL,
    "until_on" DATE,
    "status" VARCHAR(24) NOT NULL CHECK ("status" IN ('open', 'cleared', 'declined')),
    "raised_at" TIMESTAMPTZ NOT NULL,
    "decided_at" TIMESTAMPTZ,
    "decided_by" VARCHAR(120) NOT NULL,
    "why" TEXT NOT NULL,
    FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("task_id") REFERENCES "task" ("id") ON DELETE RESTRICT
);

CREATE INDEX "finding_appointment_id" ON "finding" ("appointment_id");

CREATE INDEX "finding_patient_id" ON "finding" ("patient_id");

CREATE INDEX "finding_service_id" ON "finding" ("service_id");

CREATE INDEX "finding_task_id" ON "finding" ("task_id");

CREATE UNIQUE INDEX "finding_appointment_id_task_id_question_rule" ON "finding" ("appointment_id", "task_id", "question", "rule");

CREATE INDEX "finding_patient_id_service_id_then_status" ON "finding" ("patient_id", "service_id", "then", "status");

CREATE INDEX "finding_status_appointment_id" ON "finding" ("status", "appointment_id");

CREATE TABLE "profile_change" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "patient_id" INTEGER NOT NULL,
    "task_id" INTEGER NOT NULL,
    "field" VARCHAR(24) NOT NULL CHECK ("field" IN ('allergies', 'medication', 'medical_notes')),
    "before" TEXT NOT NULL,
    "after" TEXT NOT NULL,
    "changed_at" TIMESTAMPTZ NOT NULL,
    FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("task_id") REFERENCES "task" ("id") ON DELETE RESTRICT
);

CREATE INDEX "profile_change_patient_id" ON "profile_change" ("patient_id");

CREATE INDEX "profile_change_task_id" ON "profile_change" ("task_id");

CREATE TABLE "check_answer" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "task_id" INTEGER NOT NULL,
    "question" VARCHAR(40) NOT NULL,
    "choice" VARCHAR(200) NOT NULL,
    "right" INTEGER NOT NULL,
    "given_at" TIMESTAMPTZ NOT NULL,
    FOREIGN KEY ("task_id") REFERENCES "task" ("id") ON DELETE RESTRICT
);

CREATE INDEX "check_answer_task_id" ON "check_answer" ("task_id");

CREATE TABLE "check_in" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "task_id" INTEGER NOT NULL,
    "step" VARCHAR(40) NOT NULL,
    "feeling" VARCHAR(24) NOT NULL CHECK ("feeling" IN ('as_expected', 'not_sure', 'worried')),
    "words" TEXT NOT NULL,
    "photo_id" INTEGER,
    "given_at" TIMESTAMPTZ NOT NULL,
    "seen_at" TIMESTAMPTZ,
    "seen_by" VARCHAR(120) NOT NULL,
    FOREIGN KEY ("task_id") REFERENCES "task" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("photo_id") REFERENCES "photo" ("id") ON DELETE RESTRICT
);

CREATE INDEX "check_in_task_id" ON "check_in" ("task_id");

CREATE INDEX "check_in_photo_id" ON "check_in" ("photo_id");

CREATE INDEX "check_in_task_id_step" ON "check_in" ("task_id", "step");

CREATE INDEX "check_in_feeling_seen_at" ON "check_in" ("feeling", "seen_at");

CREATE TABLE "hand_over" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "token_digest" VARCHAR(64) NOT NULL,
    "task_id" INTEGER NOT NULL,
    "purpose" VARCHAR(24) NOT NULL CHECK ("purpose" IN ('patient', 'guardian')),
    "created_at" TIMESTAMPTZ NOT NULL,
    "created_by" VARCHAR(120) NOT NULL,
    "expires_at" TIMESTAMPTZ NOT NULL,
    "tries" INTEGER NOT NULL,
    "opened_at" TIMESTAMPTZ,
    "browser_digest" VARCHAR(64) NOT NULL,
    "ended_at" TIMESTAMPTZ,
    FOREIGN KEY ("task_id") REFERENCES "task" ("id") ON DELETE RESTRICT
);

CREATE UNIQUE INDEX "hand_over_token_digest" ON "hand_over" ("token_digest");

CREATE INDEX "hand_over_task_id" ON "hand_over" ("task_id");

CREATE TABLE "sealed_file" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "signature_id" INTEGER NOT NULL,
    "status" VARCHAR(24) NOT NULL CHECK ("status" IN ('waiting', 'sealed', 'failed')),
    "file_name" VARCHAR(64) NOT NULL,
    "digest" VARCHAR(64) NOT NULL,
    "size_bytes" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "sealed_at" TIMESTAMPTZ,
    "attempts" INTEGER NOT NULL,
    "lease_until" TIMESTAMPTZ,
    "outcome" TEXT NOT NULL,
    FOREIGN KEY ("signature_id") REFERENCES "signature" ("id") ON DELETE RESTRICT
);

CREATE UNIQUE INDEX "sealed_file_signature_id" ON "sealed_file" ("signature_id");

CREATE INDEX "sealed_file_digest" ON "sealed_file" ("digest");

CREATE INDEX "sealed_file_status_lease_until" ON "sealed_file" ("status", "lease_until");

CREATE TABLE "permission" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "patient_id" INTEGER NOT NULL,
    "kind" VARCHAR(24) NOT NULL CHECK ("kind" IN ('chart', 'share', 'training', 'website', 'social')),
    "signature_id" INTEGER NOT NULL,
    "given_at" TIMESTAMPTZ NOT NULL,
    "revoked_at" TIMESTAMPTZ,
    FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("signature_id") REFERENCES "signature" ("id") ON DELETE RESTRICT
);

CREATE INDEX "permission_patient_id" ON "permission" ("patient_id");

CREATE INDEX "permission_signature_id" ON "permission" ("signature_id");

CREATE UNIQUE INDEX "permission_one_live" ON "permission" ("patient_id", "kind") WHERE revoked_at IS NULL;

CREATE TABLE "record_notice" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "number" INTEGER NOT NULL,
    "text" TEXT NOT NULL,
    "digest" VARCHAR(64) NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "created_by" VARCHAR(120) NOT NULL
);

CREATE UNIQUE INDEX "record_notice_number" ON "record_notice" ("number");

CREATE TABLE "notice_consent" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "patient_id" INTEGER NOT NULL,
    "notice_id" INTEGER NOT NULL,
    "given_at" TIMESTAMPTZ NOT NULL,
    "given_by" VARCHAR(160) NOT NULL,
    "ip" VARCHAR(45) NOT NULL,
    "agent" VARCHAR(300) NOT NULL,
    "session_number" INTEGER,
    "signed_in_how" VARCHAR(24) NOT NULL,
    "withdrawn_at" TIMESTAMPTZ,
    FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT,
    FOREIGN KEY ("notice_id") REFERENCES "record_notice" ("id") ON DELETE RESTRICT
);

CREATE INDEX "notice_consent_patient_id" ON "notice_consent" ("patient_id");

CREATE INDEX "notice_consent_notice_id" ON "notice_consent" ("notice_id");

CREATE INDEX "notice_consent_patient_id_notice_id" ON "notice_consent" ("patient_id", "notice_id");
