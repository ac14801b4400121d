create table if not exists sample(
  "row" integer not null, row_id varchar not null, prompt_id varchar not null, draw integer not null, prompt varchar not null,
  response varchar, response_code varchar, response_detail varchar, finish_reason varchar, n_tokens integer,
  source varchar, line bigint,
  cluster bigint not null, text_key bigint not null, response_chars bigint, blank boolean, ends_open boolean,
  control_token varchar, role_marker boolean, invented_turn boolean, loop boolean, prompt_chars bigint, repetition double,
  check ((response is null) or (response_code is null)));
create table if not exists quarantine(source varchar, line bigint, code varchar, reason varchar, excerpt varchar);
create table if not exists policy(
  position integer not null, name varchar not null, role varchar not null, identity_hash varchar, identity varchar);
create table if not exists logprob(
  "row" integer not null, policy varchar not null, stage varchar not null, status varchar not null, code varchar, detail varchar,
  value double, n_tokens integer, ends_with_stop boolean, tokens varchar[], token_logprobs double[],
  attempts integer, answer_key varchar, "before" varchar,
  check ((status = 'ok') = (value is not null)), check ((status = 'failed') = (code is not null)));
create table if not exists judgement(
  "row" integer not null, draw integer not null, status varchar not null, code varchar, detail varchar, score double, raw varchar,
  attempts integer, answer_key varchar,
  check ((status = 'ok') = (score is not null)), check ((status = 'failed') = (code is not null)));
create table if not exists oracle_label(
  "row" integer not null, status varchar not null, code varchar, detail varchar, label double, raw varchar,
  attempts integer, check ((status = 'ok') = (label is not null)));
alter table oracle_label add column if not exists raw varchar;
alter table oracle_label add column if not exists attempts integer;
create table if not exists fresh_draw(
  policy varchar not null, prompt_id varchar not null, draw integer not null, prompt varchar, response varchar,
  judge_score double, judge_code varchar, oracle_label double, oracle_code varchar,
  check ((judge_score is null) or (judge_code is null)), check ((oracle_label is null) or (oracle_code is null)));
create table if not exists weight("row" integer not null, policy varchar not null, log_ratio double not null, weight double);
create table if not exists weight_curve(
  policy varchar not null, place bigint not null, n bigint not null, "row" integer not null, log_ratio double not null,
  weight double, share double not null, held double not null);
create table if not exists stage_run(
  stage varchar primary key, fingerprint varchar not null, n_in bigint, n_ok bigint, n_failed bigint, seconds double,
  finished_at double not null, facts varchar not null);
create table if not exists check_result(
  stage varchar not null, position integer not null, id varchar not null, policy varchar, status varchar not null, value double,
  threshold double, n_affected bigint, sentence varchar not null, what_to_do varchar, example_ids varchar[]);
create table if not exists estimate(
  policy varchar not null, estimator varchar not null, reward varchar not null, value double, standard_error double,
  low double, high double, interval_method varchar, n_used bigint not null, bound_low double, bound_high double, is_primary boolean);
alter table estimate add column if not exists n_total bigint;
alter table estimate add column if not exists counted varchar;
create table if not exists comparison(
  a varchar not null, b varchar not null, difference double, low double, high double, p_value double, p_adjusted double,
  adjustment varchar, n_pairs bigint not null, comparable boolean not null, sentence varchar not null);
create table if not exists quality(
  position integer not null, name varchar not null, policy varchar, status varchar, "check" varchar, sentence varchar not null,
  n bigint not null, n_total bigint not null, n_affected bigint, unit varchar, edges double[], labels varchar[], counts bigint[],
  low double, p05 double, p50 double, p95 double, high double, mean double, example_ids varchar[]);
create table if not exists repair(number integer not null, document varchar not null);
create table if not exists retried_cell(
  asked_at double not null, key varchar not null, stage varchar not null, policy varchar, row_id varchar not null,
  code varchar not null, recovered boolean);
create or replace view failure as
  select s."row", s.row_id, 'logging_policy' as stage, cast(null as varchar) as policy, s.response_code as code,
         s.response_detail as detail from sample s where s.response_code is not null
  union all
  select l."row", s.row_id, l.stage, l.policy, l.code, l.detail from logprob l join sample s using ("row") where l.status = 'failed'
  union all
  select j."row", s.row_id, 'judge', null, j.code, j.detail from judgement j join sample s using ("row") where j.status = 'failed'
  union all
  select o."row", s.row_id, 'judge', '(oracle judge)', o.code, o.detail from oracle_label o join sample s using ("row")
  where o.status = 'failed' and o.attempts is not null;
