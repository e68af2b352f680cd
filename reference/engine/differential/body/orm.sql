-- What object mappers and their tests send, statement by statement.
CREATE TABLE "posts" ("id" bigserial primary key, "title" character varying, "body" text, "published" boolean DEFAULT FALSE, "author_id" bigint, "comments_count" integer DEFAULT 0 NOT NULL, "score" float, "price" decimal(8,2), "created_at" timestamp(6) without time zone NOT NULL, "updated_at" timestamp(6) without time zone NOT NULL);
CREATE TABLE "comments" ("id" bigserial primary key, "post_id" bigint NOT NULL, "body" text, "created_at" timestamp(6) NOT NULL);
CREATE TABLE "tags" ("id" bigserial primary key, "name" character varying(255) NOT NULL);
CREATE TABLE "posts_tags" ("post_id" bigint NOT NULL, "tag_id" bigint NOT NULL);
CREATE UNIQUE INDEX "index_tags_on_name" ON "tags" ("name");
CREATE INDEX "index_comments_on_post_id" ON "comments" ("post_id");
CREATE UNIQUE INDEX "index_posts_tags_on_post_id_and_tag_id" ON "posts_tags" ("post_id", "tag_id");
ALTER TABLE "posts" ADD "slug" character varying DEFAULT 'none' NOT NULL;
ALTER TABLE "posts" ALTER COLUMN "score" SET DEFAULT 1.5;
ALTER TABLE "posts" RENAME COLUMN "body" TO "content";
ALTER TABLE "posts" ALTER COLUMN "title" TYPE character varying(100);
ALTER TABLE "posts" ALTER COLUMN "title" SET NOT NULL;
ALTER INDEX "index_comments_on_post_id" RENAME TO "index_comments_post";
DROP INDEX "index_comments_post";
BEGIN;
INSERT INTO "posts" ("title", "content", "published", "author_id", "score", "price", "created_at", "updated_at", "slug") VALUES ('First', 'Hello', TRUE, 1, 2.5, '9.99', '2024-01-01 10:00:00.000001', '2024-01-01 10:00:00.000001', 'first') RETURNING "id";
COMMIT;
INSERT INTO "posts" ("title", "author_id", "created_at", "updated_at") VALUES ('Second', 1, '2024-01-02 00:00:00', '2024-01-02 00:00:00'), ('Third ünd mehr', NULL, '2024-01-03 00:00:00', '2024-01-03 00:00:00') RETURNING "id", "slug", "score", "comments_count";
INSERT INTO "comments" ("post_id","body","created_at") VALUES (1,'nice','2024-02-01 00:00:00'),(1,'meh','2024-02-02 00:00:00'),(2,NULL,'2024-02-03 00:00:00') RETURNING "id";
INSERT INTO "tags" ("name") VALUES ('ruby'), ('sql') ON CONFLICT DO NOTHING RETURNING "id";
INSERT INTO "tags" ("name") VALUES ('sql'), ('go') ON CONFLICT ("name") DO NOTHING RETURNING "id", "name";
INSERT INTO "posts_tags" ("post_id", "tag_id") VALUES (1, 1), (1, 2), (2, 2);
SELECT "posts".* FROM "posts" WHERE "posts"."id" = 1 LIMIT 1;
SELECT "posts".* FROM "posts" WHERE "posts"."id" IN (1, 2, 99) ORDER BY "posts"."id";
SELECT "posts".* FROM "posts" ORDER BY "posts"."id" DESC LIMIT 1;
SELECT "posts"."title" FROM "posts" WHERE "posts"."published" = TRUE AND "posts"."author_id" = 1;
SELECT "posts".* FROM "posts" WHERE "posts"."author_id" IS NULL;
SELECT "posts".* FROM "posts" WHERE NOT ("posts"."author_id" = 1 AND "posts"."published" = FALSE) ORDER BY "posts"."id";
SELECT "posts".* FROM "posts" WHERE ("posts"."published" = TRUE OR "posts"."title" LIKE 'S%') ORDER BY "posts"."created_at" ASC, "posts"."id" ASC;
SELECT "posts".* FROM "posts" WHERE "posts"."created_at" BETWEEN '2024-01-01 00:00:00' AND '2024-01-02 23:59:59.999999' ORDER BY "posts"."id";
SELECT "posts".* FROM "posts" WHERE "posts"."id" > 1 AND 1=0;
SELECT 1 AS one FROM "posts" WHERE "posts"."slug" = 'first' LIMIT 1;
SELECT 1 AS one FROM "tags" WHERE "tags"."name" = 'ruby' AND "tags"."id" != 1 LIMIT 1;
SELECT COUNT(*) FROM "posts" WHERE "posts"."published" = FALSE;
SELECT COUNT(DISTINCT "posts"."id") FROM "posts" LEFT OUTER JOIN "comments" ON "comments"."post_id" = "posts"."id";
SELECT SUM("posts"."comments_count") FROM "posts";
SELECT AVG("posts"."score") FROM "posts";
SELECT MAX("posts"."created_at") FROM "posts";
SELECT COUNT(*) FROM (SELECT 1 AS one FROM "posts" LIMIT 2) subquery_for_count;
SELECT COUNT(*) AS "count_all", "posts"."author_id" AS "posts_author_id" FROM "posts" GROUP BY "posts"."author_id" ORDER BY "posts"."author_id";
SELECT "posts"."id", "posts"."title" FROM "posts" ORDER BY "posts"."id" ASC;
SELECT DISTINCT "posts"."author_id" FROM "posts" ORDER BY "posts"."author_id";
SELECT "comments".* FROM "comments" WHERE "comments"."post_id" = 1 ORDER BY "comments"."created_at" DESC;
SELECT "posts".* FROM "posts" INNER JOIN "comments" ON "comments"."post_id" = "posts"."id" WHERE "comments"."body" = 'nice';
SELECT "tags".* FROM "tags" INNER JOIN "posts_tags" ON "tags"."id" = "posts_tags"."tag_id" WHERE "posts_tags"."post_id" = 1 ORDER BY "tags"."name";
SELECT "posts"."id" AS t0_r0, "posts"."title" AS t0_r1, "comments"."id" AS t1_r0, "comments"."body" AS t1_r1 FROM "posts" LEFT OUTER JOIN "comments" ON "comments"."post_id" = "posts"."id" ORDER BY "posts"."id", "comments"."id";
SELECT "posts".* FROM "posts" WHERE EXISTS (SELECT 1 FROM "comments" WHERE "comments"."post_id" = "posts"."id") ORDER BY "posts"."id";
SELECT "posts".* FROM "posts" WHERE "posts"."id" NOT IN (SELECT "comments"."post_id" FROM "comments") ORDER BY "posts"."id";
SELECT posts.*, (SELECT COUNT(*) FROM comments WHERE comments.post_id = posts.id) AS n FROM "posts" ORDER BY n DESC, id;
SELECT "posts"."id" FROM "posts" ORDER BY CASE WHEN "posts"."id" = 2 THEN 1 WHEN "posts"."id" = 1 THEN 2 ELSE 3 END ASC;
SELECT "posts"."title", LENGTH("posts"."title") AS len, COALESCE("posts"."content", '-') AS c FROM "posts" ORDER BY len, "posts"."id";
SELECT "posts"."id" FROM "posts" WHERE "posts"."id" = 1 FOR UPDATE;
UPDATE "posts" SET "title" = 'Changed', "updated_at" = '2024-05-05 05:05:05.555555' WHERE "posts"."id" = 1;
UPDATE "posts" SET "comments_count" = COALESCE("comments_count", 0) + 1 WHERE "posts"."id" = 1;
UPDATE "posts" SET "published" = TRUE WHERE "posts"."published" = FALSE;
UPDATE "posts" SET "price" = NULL WHERE "posts"."id" IN (SELECT "posts"."id" FROM "posts" WHERE "posts"."author_id" = 1 ORDER BY "posts"."id" LIMIT 1);
SELECT "id", "title", "published", "comments_count", "price", "updated_at" FROM "posts" ORDER BY "id";
DELETE FROM "comments" WHERE "comments"."id" = 1;
DELETE FROM "comments" WHERE "comments"."post_id" IN (SELECT "posts"."id" FROM "posts" WHERE "posts"."title" = 'Second');
DELETE FROM "posts_tags" WHERE "posts_tags"."post_id" = 1 AND "posts_tags"."tag_id" IN (1, 2);
TRUNCATE TABLE "comments", "posts_tags" RESTART IDENTITY;
TRUNCATE TABLE "posts" RESTART IDENTITY CASCADE;
ALTER TABLE "comments" ADD CONSTRAINT "fk_rails_2fd19c0db7" FOREIGN KEY ("post_id") REFERENCES "posts" ("id");
INSERT INTO "comments" ("post_id", "created_at") VALUES (77, '2024-01-01') RETURNING "id";
INSERT INTO "tags" ("name") VALUES ('ruby') RETURNING "id";
INSERT INTO "tags" ("name") VALUES (NULL) RETURNING "id";
INSERT INTO "posts" DEFAULT VALUES RETURNING "id";
SELECT "posts".* FROM "posts" WHERE "posts"."unknown" = 1;
SELECT "missing".* FROM "missing";
ALTER TABLE "posts" DROP COLUMN "slug";
ALTER TABLE "posts" DROP COLUMN IF EXISTS "nothing";
DROP TABLE IF EXISTS "nothing" CASCADE;
-- Django
CREATE TABLE "polls_question" ("id" bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "question_text" varchar(200) NOT NULL, "pub_date" timestamp with time zone NOT NULL, "data" jsonb NULL, "uid" uuid NULL, "duration" interval NULL, "amount" numeric(10, 2) NULL, "positive" integer NULL CHECK ("positive" >= 0));
CREATE TABLE "polls_choice" ("id" bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "choice_text" varchar(200) NOT NULL, "votes" integer NOT NULL, "question_id" bigint NOT NULL);
ALTER TABLE "polls_choice" ADD CONSTRAINT "polls_choice_question_id_c5b4b260_fk_polls_question_id" FOREIGN KEY ("question_id") REFERENCES "polls_question" ("id") DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX "polls_choice_question_id_c5b4b260" ON "polls_choice" ("question_id");
INSERT INTO "polls_question" ("question_text", "pub_date", "data", "uid", "duration", "amount", "positive") VALUES ('What''s up?', '2024-01-01T12:00:00+00:00'::timestamptz, '{"a": [1, 2]}'::jsonb, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, '1 days 3600.000000 seconds'::interval, '12.50'::numeric(10, 2), 5) RETURNING "polls_question"."id";
INSERT INTO "polls_choice" ("choice_text", "votes", "question_id") VALUES ('Not much', 0, 1), ('The sky', 3, 1) RETURNING "polls_choice"."id";
SELECT "polls_question"."id", "polls_question"."question_text", "polls_question"."pub_date", "polls_question"."data", "polls_question"."uid", "polls_question"."duration", "polls_question"."amount" FROM "polls_question" WHERE "polls_question"."id" = 1 LIMIT 21;
SELECT "polls_choice"."id" FROM "polls_choice" INNER JOIN "polls_question" ON ("polls_choice"."question_id" = "polls_question"."id") WHERE "polls_question"."question_text"::text LIKE 'What%' ORDER BY "polls_choice"."votes" DESC;
SELECT "polls_question"."id", COUNT("polls_choice"."id") AS "num" FROM "polls_question" LEFT OUTER JOIN "polls_choice" ON ("polls_question"."id" = "polls_choice"."question_id") GROUP BY "polls_question"."id" HAVING COUNT("polls_choice"."id") > 1 ORDER BY "num" ASC;
SELECT SUM("polls_choice"."votes") AS "total", MIN("polls_choice"."votes") AS "low", AVG("polls_choice"."votes") AS "mean" FROM "polls_choice";
SELECT "polls_question"."id" FROM "polls_question" WHERE ("polls_question"."pub_date" AT TIME ZONE 'UTC')::date = '2024-01-01'::date;
SELECT DISTINCT DATE_TRUNC('month', "polls_question"."pub_date" AT TIME ZONE 'UTC') AS "datefield" FROM "polls_question" ORDER BY "datefield" ASC;
SELECT "polls_question"."id" FROM "polls_question" WHERE EXTRACT(MONTH FROM "polls_question"."pub_date" AT TIME ZONE 'Europe/Berlin') = 1;
SELECT "polls_question"."id", CASE WHEN ("polls_question"."positive" > 3) THEN 'yes' ELSE NULL END AS "flag" FROM "polls_question";
SELECT ("polls_question"."data" -> 'a') AS "a", ("polls_question"."data" #> '{a,1}') AS "second" FROM "polls_question";
SELECT (1) AS "a" FROM "polls_question" WHERE EXISTS(SELECT 1 AS "a" FROM "polls_choice" U0 WHERE (U0."question_id" = ("polls_question"."id") AND U0."votes" > 0) LIMIT 1) LIMIT 1;
SELECT "polls_choice"."choice_text", ROW_NUMBER() OVER (ORDER BY "polls_choice"."votes" DESC) AS "rank" FROM "polls_choice" ORDER BY "rank";
UPDATE "polls_choice" SET "votes" = ("polls_choice"."votes" + 1) WHERE "polls_choice"."id" = 1;
UPDATE "polls_choice" SET "choice_text" = (CASE WHEN ("polls_choice"."id" = 1) THEN 'A' WHEN ("polls_choice"."id" = 2) THEN 'B' ELSE NULL END)::varchar(200) WHERE "polls_choice"."id" IN (1, 2);
INSERT INTO "polls_choice" ("id", "choice_text", "votes", "question_id") VALUES (1, 'X', 9, 1) ON CONFLICT("id") DO UPDATE SET "choice_text" = EXCLUDED."choice_text", "votes" = EXCLUDED."votes" RETURNING "id", "choice_text", "votes";
INSERT INTO "polls_question" ("question_text", "pub_date", "positive") VALUES ('bad', '2024-01-01', -1);
DELETE FROM "polls_choice" WHERE "polls_choice"."id" IN (2);
SELECT setval(pg_get_serial_sequence('"polls_choice"','id'), coalesce(max("id"), 1), max("id") IS NOT null) FROM "polls_choice";
INSERT INTO "polls_choice" ("choice_text", "votes", "question_id") VALUES ('After', 0, 1) RETURNING "polls_choice"."id";
BEGIN;
SAVEPOINT "s140_x1";
INSERT INTO "polls_choice" ("choice_text", "votes", "question_id") VALUES ('orphan', 0, 404) RETURNING "polls_choice"."id";
RELEASE SAVEPOINT "s140_x1";
SET CONSTRAINTS ALL IMMEDIATE;
ROLLBACK;
-- SQLAlchemy
CREATE TABLE user_account (
	id SERIAL NOT NULL, 
	name VARCHAR(30) NOT NULL, 
	fullname VARCHAR, 
	PRIMARY KEY (id)
)

;
CREATE TABLE address (
	id SERIAL NOT NULL, 
	email_address VARCHAR NOT NULL, 
	user_id INTEGER NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(user_id) REFERENCES user_account (id)
)

;
BEGIN;
INSERT INTO user_account (name, fullname) VALUES ('sandy', 'Sandy Cheeks') RETURNING user_account.id;
INSERT INTO user_account (name, fullname) SELECT p0::VARCHAR, p1::VARCHAR FROM (VALUES ('spongebob', 'Spongebob Squarepants', 0), ('patrick', NULL, 1)) AS imp_sen(p0, p1, sen_counter) ORDER BY sen_counter RETURNING user_account.id, user_account.id AS id__1;
COMMIT;
SELECT user_account.id, user_account.name, user_account.fullname FROM user_account WHERE user_account.name = 'sandy';
SELECT user_account.id AS user_account_id, user_account.name AS user_account_name FROM user_account ORDER BY user_account.id LIMIT 1 OFFSET 1;
SELECT count(*) AS count_1 FROM (SELECT user_account.id AS user_account_id FROM user_account) AS anon_1;
SELECT user_account_1.name, user_account_2.name AS name_1 FROM user_account AS user_account_1 JOIN user_account AS user_account_2 ON user_account_1.id > user_account_2.id ORDER BY 1, 2;
SELECT user_account.name || ' ' || coalesce(user_account.fullname, '?') AS anon_1 FROM user_account ORDER BY user_account.id;
SELECT CAST(user_account.id AS VARCHAR) AS id, user_account.name IN ('sandy', 'x') AS anon_1 FROM user_account ORDER BY user_account.id;
SELECT user_account.name, count(user_account.id) AS count FROM user_account GROUP BY user_account.name HAVING count(user_account.id) > 0 ORDER BY count DESC, user_account.name;
WITH anon_1 AS (SELECT user_account.id AS id FROM user_account WHERE user_account.id < 3) SELECT user_account.name FROM user_account JOIN anon_1 ON user_account.id = anon_1.id ORDER BY user_account.name;
UPDATE user_account SET fullname='Patrick the Star' WHERE user_account.name = 'patrick' RETURNING user_account.id, user_account.fullname;
DELETE FROM user_account WHERE user_account.id = 2;
ROLLBACK;
SELECT EXISTS (SELECT * FROM user_account WHERE user_account.id = 3) AS anon_1;
DROP TABLE IF EXISTS address;
DROP TABLE user_account;
