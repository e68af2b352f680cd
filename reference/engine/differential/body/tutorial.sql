-- A first afternoon with PostgreSQL: what the usual tutorials and exercise sites let one type.
CREATE TABLE weather (
    city            varchar(80),
    temp_lo         int,           -- low temperature
    temp_hi         int,           -- high temperature
    prcp            real,          -- precipitation
    date            date
);
CREATE TABLE cities (
    name            varchar(80),
    location        point
);
DROP TABLE cities;
CREATE TABLE cities (name varchar(80) primary key, population real, elevation int);
INSERT INTO weather VALUES ('San Francisco', 46, 50, 0.25, '1994-11-27');
INSERT INTO weather (city, temp_lo, temp_hi, prcp, date) VALUES ('San Francisco', 43, 57, 0.0, '1994-11-29');
INSERT INTO weather (date, city, temp_hi, temp_lo) VALUES ('1994-11-29', 'Hayward', 54, 37);
INSERT INTO cities VALUES ('San Francisco', 7.24E+5, 63), ('Las Vegas', 2.583E+5, 2174), ('Mariposa', 1200, 1953);
SELECT city, temp_lo, temp_hi, prcp, date FROM weather ORDER BY date, city;
SELECT city, (temp_hi+temp_lo)/2 AS temp_avg, date FROM weather ORDER BY 1, 3;
SELECT * FROM weather WHERE city = 'San Francisco' AND prcp > 0.0;
SELECT * FROM weather ORDER BY city, temp_lo;
SELECT DISTINCT city FROM weather ORDER BY city;
SELECT city, temp_lo, temp_hi, prcp, date, elevation FROM weather JOIN cities ON city = name ORDER BY date;
SELECT weather.city, weather.temp_lo, cities.population FROM weather LEFT OUTER JOIN cities ON weather.city = cities.name ORDER BY weather.city, weather.date;
SELECT w1.city, w1.temp_lo AS low, w1.temp_hi AS high, w2.city AS other, w2.temp_lo AS low2 FROM weather w1 JOIN weather w2 ON w1.temp_lo < w2.temp_lo AND w1.temp_hi > w2.temp_hi ORDER BY 1, 2;
SELECT max(temp_lo) FROM weather;
SELECT city FROM weather WHERE temp_lo = max(temp_lo);
SELECT city FROM weather WHERE temp_lo = (SELECT max(temp_lo) FROM weather);
SELECT city, count(*), max(temp_lo) FROM weather GROUP BY city ORDER BY city;
SELECT city, count(*), max(temp_lo) FROM weather GROUP BY city HAVING max(temp_lo) < 40;
SELECT city, count(*) FILTER (WHERE temp_lo < 45), max(temp_lo) FROM weather GROUP BY city ORDER BY city;
UPDATE weather SET temp_hi = temp_hi - 2,  temp_lo = temp_lo - 2 WHERE date > '1994-11-28';
SELECT * FROM weather ORDER BY city, date;
DELETE FROM weather WHERE city = 'Hayward';
SELECT count(*) FROM weather;
CREATE VIEW myview AS SELECT name, temp_lo, temp_hi, prcp, date, population FROM weather, cities WHERE city = name;
SELECT * FROM myview ORDER BY date;
INSERT INTO weather VALUES ('Berkeley', 45, 53, 0.0, '1994-11-28');
-- An employee table, as in many exercises.
CREATE TABLE dept (deptno integer PRIMARY KEY, dname varchar(14), loc varchar(13));
CREATE TABLE emp (empno integer PRIMARY KEY, ename varchar(10), job varchar(9), mgr integer, hiredate date, sal numeric(7,2), comm numeric(7,2), deptno integer);
INSERT INTO dept VALUES (10, 'ACCOUNTING', 'NEW YORK'), (20, 'RESEARCH', 'DALLAS'), (30, 'SALES', 'CHICAGO'), (40, 'OPERATIONS', 'BOSTON');
INSERT INTO emp VALUES (7839, 'KING', 'PRESIDENT', NULL, '1981-11-17', 5000, NULL, 10), (7698, 'BLAKE', 'MANAGER', 7839, '1981-05-01', 2850, NULL, 30), (7782, 'CLARK', 'MANAGER', 7839, '1981-06-09', 2450, NULL, 10), (7566, 'JONES', 'MANAGER', 7839, '1981-04-02', 2975, NULL, 20), (7788, 'SCOTT', 'ANALYST', 7566, '1987-04-19', 3000, NULL, 20), (7902, 'FORD', 'ANALYST', 7566, '1981-12-03', 3000, NULL, 20), (7369, 'SMITH', 'CLERK', 7902, '1980-12-17', 800, NULL, 20), (7499, 'ALLEN', 'SALESMAN', 7698, '1981-02-20', 1600, 300, 30), (7521, 'WARD', 'SALESMAN', 7698, '1981-02-22', 1250, 500, 30), (7654, 'MARTIN', 'SALESMAN', 7698, '1981-09-28', 1250, 1400, 30), (7844, 'TURNER', 'SALESMAN', 7698, '1981-09-08', 1500, 0, 30), (7934, 'MILLER', 'CLERK', 7782, '1982-01-23', 1300, NULL, 10);
select ename, sal, sal * 12 as yearly from emp order by ename;
select ename, sal + coalesce(comm, 0) as income from emp order by income desc, ename limit 5;
select ename || ' works as ' || lower(job) as what from emp order by empno;
select distinct job from emp order by job;
select * from emp where deptno = 20 and sal > 2000 order by empno;
select ename from emp where job in ('CLERK', 'ANALYST') order by ename;
select ename from emp where ename like '_A%' order by ename;
select ename from emp where comm is null and mgr is not null order by ename;
select ename, hiredate from emp where hiredate between '1981-01-01' and '1981-06-30' order by hiredate;
select ename, extract(year from hiredate) as year from emp order by hiredate;
select ename, age(date '1990-01-01', hiredate) from emp where deptno = 10 order by ename;
select deptno, count(*), sum(sal), round(avg(sal), 2), min(sal), max(sal) from emp group by deptno order by deptno;
select deptno, job, count(*) from emp group by deptno, job order by 1, 2;
select job, avg(sal) from emp group by job having avg(sal) > 2000 order by 2 desc;
select e.ename, d.dname from emp e join dept d on e.deptno = d.deptno order by e.ename;
select d.dname, count(e.empno) from dept d left join emp e using (deptno) group by d.dname order by d.dname;
select d.* from dept d where not exists (select 1 from emp e where e.deptno = d.deptno);
select e.ename, m.ename as boss from emp e left join emp m on e.mgr = m.empno order by e.empno;
select ename, sal from emp where sal > (select avg(sal) from emp) order by sal desc, ename;
select ename, sal, deptno from emp e where sal = (select max(sal) from emp where deptno = e.deptno) order by deptno, ename;
select ename from emp where sal > all (select sal from emp where deptno = 30) order by 1;
select ename, sal from emp order by sal desc, ename limit 1 offset 1;
select distinct sal from emp order by sal desc limit 1 offset 2;
select ename, sal, case when sal >= 3000 then 'high' when sal >= 1500 then 'mid' else 'low' end as grade from emp order by sal, ename;
select max(sal) from emp where sal < (select max(sal) from emp);
select ename from emp where deptno in (select deptno from dept where loc in ('DALLAS', 'BOSTON')) order by ename;
select ename, length(ename), upper(left(ename, 1)) || lower(substring(ename from 2)) as nice from emp order by 2, 1;
select ename, replace(job, 'MAN', 'PERSON') from emp where job like '%MAN%' order by ename;
select count(*) as n, count(comm) as with_comm, count(distinct job) as jobs from emp;
select to_char(hiredate, 'DD.MM.YYYY') from emp order by hiredate limit 3;
select deptno, string_agg(ename, ', ' order by ename) from emp group by deptno order by deptno;
select ename, rank() over (order by sal desc) from emp order by sal desc, ename;
select ename, sal, sum(sal) over (order by empno) as running from emp order by empno;
select ename, deptno, sal - avg(sal) over (partition by deptno) as diff from emp order by deptno, ename;
with recursive chain as (select empno, ename, mgr, 1 as level from emp where mgr is null union all select e.empno, e.ename, e.mgr, c.level + 1 from emp e join chain c on e.mgr = c.empno) select level, ename from chain order by level, ename;
with avgs as (select deptno, avg(sal) as a from emp group by deptno) select e.ename from emp e join avgs using (deptno) where e.sal > avgs.a order by e.ename;
select deptno from emp union select deptno from dept order by deptno;
select deptno from dept except select deptno from emp;
insert into emp (empno, ename, deptno) values (8000, 'NEW', 40) returning *;
update emp set sal = 1000, hiredate = '1990-01-01' where empno = 8000 returning ename, sal;
update emp set sal = sal * 1.1 where deptno = 10;
select ename, sal from emp where deptno = 10 order by ename;
delete from emp where empno = 8000;
create index emp_deptno on emp (deptno);
create table emp_copy as select * from emp;
alter table emp_copy add column email text;
update emp_copy set email = lower(ename) || '@example.com';
select ename, email from emp_copy order by ename limit 3;
delete from emp_copy where job = 'SALESMAN';
select count(*) from emp_copy;
truncate emp_copy;
drop table emp_copy;
select ename from emp where sal > 'high';
select enam from emp;
select ename, count(*) from emp;
insert into emp values (7839, 'AGAIN');
insert into emp (empno, ename) values (9000, 'A VERY LONG NAME');
update emp set sal = 100000 where empno = 7839;
drop table dep;
drop table emp, dept;
