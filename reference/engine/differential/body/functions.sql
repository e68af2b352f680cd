-- Functions, triggers and procedures as migrations write them.
create table film (id int primary key, title text not null, year int, rating numeric(3,1), kind text default 'drama');
insert into film values (1, 'Alien', 1979, 8.5, 'horror'), (2, 'Amélie', 2001, 8.3, 'comedy'), (3, 'Brazil', 1985, 7.8, 'comedy'), (4, 'Cube', 1997, null, null);
create function add_one(i int) returns int as 'select i + 1' language sql;
select add_one(41);
create or replace function full_title(f film) returns text language sql immutable as $$ select f.title || ' (' || f.year || ')' $$;
select full_title(f) from film f where id = 1;
create function films_since(y int) returns setof film as $$ select * from film where year >= y order by id $$ language sql stable;
select title from films_since(2000);
create function top(n int default 1) returns table (title text, rating numeric) language sql as $$ select title, rating from film order by rating desc nulls last limit n $$;
select * from top();
select * from top(2);
create function add(a int, b int) returns int language sql return a + b;
select add(1, 2), add(a => 3, b => 4), add(5, b := 6);
create function touch() returns trigger language plpgsql as $$
begin
  new.year := coalesce(new.year, 2000)
; return new
; end $$;
create trigger film_touch before insert or update on film for each row execute function touch();
insert into film (id, title) values (30, 'No year') returning year;
create function classify(r numeric) returns text language plpgsql as $$
begin
  if r > 8 then return 'good'
; elsif r is null then return 'unknown'
; else return 'so so'
; end if
; end $$;
select title, classify(rating) from film order by id;
drop trigger film_touch on film;
drop function touch();
drop function add_one(int);
select add_one(1);
drop function if exists add_one(int);
drop function add_one;
select add(1);
select add('x', 1);
create function wrong() returns int language sql as 'select ''a''::text';
create function wrong() returns int language nosuch as 'x';
create procedure rename_film(i int, t text) language sql as $$ update film set title = t where id = i $$;
call rename_film(1, 'Aliens');
select title from film where id = 1;
call nosuch(1);
