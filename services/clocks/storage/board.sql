-- The board is put together of the parts that a question needs, so that each is planned for what it asks.
-- A part names its values with a colon; they are sent as parameters, never written into the text.

-- name: in_order
-- Where a tenant has more Cycles than others, the planner takes what is narrowed for few, and would sort them all.
SET LOCAL enable_bitmapscan = off;

-- name: page
-- A page of Cycles, with the state to read them from.
SELECT subject_id, policy_key, metric, cycle, calendar_version, revision, started_at, due_at, left_us, subjects.state
FROM (
    SELECT subject_id, policy_key, metric, cycle, calendar_version, revision, started_at, due_at, due_order, left_us,
           left_order
    FROM cycles
    WHERE /* conditions */
    ORDER BY /* order */
    LIMIT :most
) AS page
JOIN subjects USING (subject_id)
ORDER BY /* order */;

-- name: everything
-- Narrows nothing.
true;

-- name: policy_key
-- Of one Policy.
policy_key = :policy_key::text;

-- name: metric
-- Of one Metric.
metric = :metric::text;

-- name: target
-- Under one Target.
target = :target::text;

-- name: phase
-- In one phase.
phase = :phase::text;

-- name: open
-- Open ones; in these words, for so the index has it.
phase IN ('RUNNING', 'PAUSED');

-- name: paused
-- Paused ones, to be put in order of time left; in these words, for so the index has it.
left_order IS NOT NULL;

-- name: met
-- Kept ones.
outcome = 'MET';

-- name: breached
-- Broken ones; open ones past due count, fired or not. Each of them is past due.
(outcome = 'BREACHED' OR outcome = 'PENDING' AND phase IN ('RUNNING', 'PAUSED'))
AND due_order < :now::timestamptz;

-- name: pending
-- Neither kept nor broken; open ones past due are broken.
outcome = 'PENDING' AND (phase = 'CANCELLED' OR due_order >= :now::timestamptz);

-- name: pending_open
-- Neither kept nor broken, of open ones.
outcome = 'PENDING' AND due_order >= :now::timestamptz;

-- name: pending_paused
-- Neither kept nor broken, of paused ones; not by due_order, or its index would be read, and all of it sorted.
outcome = 'PENDING' AND (due_at IS NULL OR due_at >= :now::timestamptz);

-- name: breached_paused
-- Broken ones, of paused ones.
due_at < :now::timestamptz;

-- name: due_before
-- Due before an instant.
due_order < :due_before::timestamptz;

-- name: due_after
-- Due at an instant or after it; what has no due time is not.
due_at IS NOT NULL AND due_order >= :due_after::timestamptz;

-- name: subject_prefix
-- Of Subjects whose id begins so: a range, for no operator on a prefix may use an index under row-level security.
subject_id >= :subject_prefix::text COLLATE "C" AND subject_id < :subject_end::text COLLATE "C";

-- name: subject_contains
-- Of Subjects whose id holds a part, where those are many: the next ones in order are soon found.
strpos(subject_id, :subject_contains::text) > 0;

-- name: subject_ids
-- Of these Subjects.
subject_id = ANY (:subject_ids::text[] COLLATE "C");

-- name: subjects_holding
-- Subjects whose id holds a part, from the key alone: no operator on a part may use an index under row-level
-- security, a trigram's neither, so all ids of the tenant are looked through.
SELECT subject_id FROM subjects WHERE strpos(subject_id, $1) > 0 ORDER BY subject_id LIMIT $2;

-- name: attribute
-- Of Subjects with one value of an attribute.
EXISTS (
    SELECT FROM subject_attributes AS kept
    WHERE kept.subject_id = cycles.subject_id AND kept.name = :name::text AND kept.value = :value::text);

-- name: after_started
-- After a place in order of start.
(started_at, subject_id, policy_key, metric, cycle)
> (:at::timestamptz, :subject_id::text, :in_policy::text, :in_metric::text, :cycle::integer);

-- name: after_due
-- After a place in order of due time.
(due_order, subject_id, policy_key, metric, cycle)
> (coalesce(:at::timestamptz, 'infinity'), :subject_id::text, :in_policy::text, :in_metric::text, :cycle::integer);

-- name: after_due_latest
-- After a place in the reverse order of due time.
(due_order, subject_id, policy_key, metric, cycle)
< (coalesce(:at::timestamptz, 'infinity'), :subject_id::text, :in_policy::text, :in_metric::text, :cycle::integer);

-- name: after_left
-- After a place in order of time left.
(left_order, subject_id, policy_key, metric, cycle)
> (coalesce(:left_us::bigint, 9223372036854775807), :subject_id::text, :in_policy::text, :in_metric::text,
   :cycle::integer);

-- name: order_started
-- First started, first.
started_at, subject_id, policy_key, metric, cycle;

-- name: order_due
-- First due, first; last what has no due time.
due_order, subject_id, policy_key, metric, cycle;

-- name: order_due_latest
-- Last due, first; before it what has no due time.
due_order DESC, subject_id DESC, policy_key DESC, metric DESC, cycle DESC;

-- name: order_left
-- Least time left, first; last what has a fixed point.
left_order, subject_id, policy_key, metric, cycle;
