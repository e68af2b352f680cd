-- Comments, quoting, dollar quotes, escapes, identifiers, operators.
select 1 -- a comment
;
select /* one */ 1 /* two */ + /* three */ 2;
select 1 /* nested /* comment */ still */ + 1;
/* before */ select 'after a comment';
select 'no -- comment', 'nor /* this */';
select 1--1
;
select 4 /-- comment
2;
select 2 -/* minus */- 3;
select 'it''s', 'a''''b', '''', '';
select E'it\'s', E'a\\b', E'tab\there', E'nl\nhere', E'\x41\x42', E'\101', E'\u00e9', E'\U0001F600', E'\q', e'lower';
select 'back\slash', 'a\nb', 'end\';
select U&'\0041\00e9', U&'d\0061t\+000061', U&'!0041' uescape '!', u&'\\', U&"\0061" from (select 1 as a) x;
select $$it's$$, $$a $ b$$, $tag$with $$ inside$tag$, $$multi
line$$, $é$uni$é$, $a1$x$a1$, $$$$, $$\n$$;
select 'one'
'two'
    'three';
select 'one' /* no */ 'two';
select 'one' -- comment
'two';
select N'national', b'0101', X'ff', B'' = b'';
select 1 AS "Quoted", 2 AS unquoted, 3 AS UPPER;
select 7 as größe, 8 as GRÖSSE, 10 as "a.b";
select 9 as "";
select 7 as größe, 8 as GRÖSSE, 10 as "a.b";
select 9 as "";
select 1 as "Quoted", 2 as "   ", 3 as "select";
select 4 as "1st", 5 as _under$core1;
select 1 as a_very_long_identifier_that_goes_on_and_on_and_on_until_it_is_more_than_sixty_three_bytes;
select 1 as "äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöü";
create table "Weird Name" ("Select" int, "a""b" text, "ü" int, "from" date, normal int, "UPPER" int);
insert into "Weird Name" ("Select", "a""b", "ü", "from", NORMAL, "UPPER") values (1, 'x', 2, '2024-01-01', 3, 4) returning "Select", "a""b", ü, "from", Normal;
select "Weird Name"."ü", w."UPPER", W.normal, Ü from "Weird Name" as w;
select w."Select", w.Normal, w.NORMAL, w."normal" from "Weird Name" w;
select "Weird Name".normal from "Weird Name";
select upper from "Weird Name";
select select from "Weird Name";
select * from "weird name";
select * from Weird Name;
select "" from t;
select 1 as "unterminated;
";
create table user (a int);
create table "user" (a int);
select * from user;
select * from "user";
create table table1 (order int);
create table table1 ("order" int, date date, "time" time, text text, name name, value int, key text, type text, year int, month int, timestamp timestamp, user_id int, "group" text, position int, status text, level int, count int, index int, comment text, password text, action text, data json, language text, version text, role text, schema text, sequence int, row int, start int, "end" int, "desc" text, zone text, interval interval, hour int, location text, names text[], options text, parameter text, transaction int, trigger text, view int, window_ int, words text);
select date, time, text, name, value, key, type, year, month, timestamp, position, status, level, count, index, comment, data, row from table1;
insert into table1 ("order", date, value, type) values (1, '2024-01-01', 2, 'x') returning "order", date, value, type;
select t.order from table1 t;
select value type, key name from table1;
select 1 value, 2 name, 3 type;
select 4 key, 5 data;
select 1 year;
select 1 as year, 2 as order, 3 as user, 4 as "table", 5 as from_;
select 1 order;
select 1 a, 2 "b", 3 c;
select all 1;
SeLeCt 'KeyWords in ANY case' As ReSuLt;
	select	1	,	2	;
select
  1
,
  2
;
select(1),(2);select 3;
select 1;;
;
;;
select 1 ; select 2 ;
select+1, -1, - -1, +-1, 1+-1, 1 - -1, 1*-1;
select 1<2, 1<=2, 1<>2;
select 1!=2, 1>=2, 2>-1;
select 2=+2, not 1=2;
select 5!=-5, 5 != -5, 5<-5, 5 <@ array[5];
select 2^ -1, @ -5, |/4, ||/27;
select 2^ -1, @ -5, |/4, ||/27;
select 3.14, .5, 5.;
select 1e5, 1.5e-3, 1E3;
select 00.50, 0, 007;
select 1e, 2;
select 1e+;
select 1x;
select 0x;
select 1.5.5;
select 1_000_000;
select (-1)::text, - 1::int, 2-1;
select 1.::text, .5::text, '1'::text::int::text;
select false, null, NULL, 'true'::bool;
select false, null, NULL, 'true'::bool;
select user, current_catalog, localtime is not null, current_user = session_user;
select user, current_catalog, localtime is not null, current_user = session_user;
select current_user();
select now is null from (select 1 as now) x;
select (array [1, 2]) [1], (array[3,4])[1];
select x.y from (select 1 as y) as x;
select (x).y from (select 1 as y) as x;
select (select 1) as sub, (((((1))))) as deep, ((1, 2)), (row(1, 2));
select * from (((select 1 as a))) x;
(((select 1)));
(select 1) union (select 2) order by 1;
select 'a' 'b';
select 'ä', 'ö' as ü from "fehlt";
select '日本語', '日本' || '語', "列" from (select 1 as "列") 表;
select 表.列 from (select 1 as 列) 表 where 表.列 = 1 and 表.行 = 2;
select '😀😀', x;
select '𝔘𝔫𝔦' as "𝔘", 1 / 0;
select 'a' -- ünïcödé comment with 'quotes' and "more
  , b;
select /* ünïcödé */ kein;
select
	'tab before',	nix;
select 'CR'
, nada;
select 1 + 1 as sum, -- trailing comment
       2 * 2 as product -- another
;
select $1$;
select $abc;
select $a$ unfinished;
select $x$ done $x$;
select E'\400', 1;
select E'\xff';
select E'\ud83d\ude00', E'\ud83d';
select E'\u0000';
select U&'\d83d\de00', U&'\d83d';
select U&'\zzzz';
select U&"d\00e4ta" from (select 2 as "däta") x;
select 1 operator(pg_catalog.+) 2, 'a' operator(pg_catalog.||) 'b';
select 1 +* 2;
select 1 <-> 2;
select 1 => 2;
select 1 := 2;
select a := 1;
select 1 ~~ 2;
select 'a' ~~* 'A', 'a' !~~ 'b', 'a' ~ 'a';
select 'a' !~ 'b', 'a' ~* 'A', 'a' ^@ 'a';
select 1 as a where a = 1;
select 'x' as x, 'y' y, 'z' "z" group by 1, 2, 3;
select interval '1' year, interval '1 day', date '2024-01-01';
select timestamp with time zone '2024-01-01 00:00+00', timestamp without time zone '2024-01-01', time with time zone '10:00+00';
select double precision '1.5', bit varying '101', character varying 'abc';
select national character varying(3) 'abcdef', char varying(2) 'xyz';
select int '1', integer '2', smallint '3';
select decimal '1.5', dec(3,1) '2.55', float '1.5';
select json '1', uuid '00000000-0000-0000-0000-000000000000', pg_catalog.int4 '5';
select json '1', uuid '00000000-0000-0000-0000-000000000000', pg_catalog.int4 '5';
select float(0) '1';
select float(60) '1';
select cast('1' as double), 2;
select cast('1' as unsigned);
select '1'::integer unsigned;
select cast(1 as character varying(10)), cast('x' as national char(3)), cast(1 as int array);
select cast('{1}' as int array[1]), cast('1' as dec(5,2)), cast('1' as bit(3));
select cast(null as time(3) with time zone), cast('1 day' as interval day);
select overlay('abcdef' placing 'XX' from 3), substring('abc' similar 'a#"b#"c' escape '#'), position('b' in 'abc'), extract(epoch from interval '1 minute'), trim(leading from '  a'), normalize('é', nfc), collation for ('a'::text);
select grouping(1);
select current_schema, current_schema(), session_user;
select lower ('SPACE BEFORE PAREN'), pg_catalog.lower('A'), "lower"('B'), LOWER('C');
select "LOWER"('x');
select count (*) from (values (1)) v;
select left('abc', 1), right('abc', 1), coalesce(null, 2);
select replace('a', 'a', 'b'), date('2024-01-01'), char_length('é');
select 1 limit 1 offset 0;
select 1 for update;
select;
select where true;
select distinct;
select all;
table "user";
values (1), (2), (3) limit 2;
