"""Random queries and changes of three small tables, whose values are few, often equal and often NULL.

Each is of the right types, and its answer depends on no order but its own: equal values look the same, and LIMIT without ORDER BY
of all columns is not written. Constants alone are no grouping keys (../differences.md).
"""
import random

SETUP = """
create table t1 (a int, b text, c numeric, d date, e bool, f float8)
create table t2 (a int primary key, g text, h int, i timestamp)
create table t3 (h int, j int[], k jsonb, b text)
insert into t1 values (1, 'x', 1.5, '2024-01-01', true, 1.5), (2, 'y', null, '2024-02-01', false, null), (null, 'x', 2.50, null, null, 2.5), (3, null, -1, '2023-12-31', true, 0.25), (1, '', 0, '2024-01-01', false, 'NaN'), (4, 'zz', 100.10, 'infinity', null, 'inf'), (2, 'y', 1.5, '2024-02-29', true, 0)
insert into t2 values (1, 'one', 10, '2024-01-01 10:00'), (2, 'two', 20, null), (3, null, 10, '2020-02-29'), (5, 'five', null, '2024-01-01 10:00'), (7, 'x', 20, 'infinity')
insert into t3 values (10, '{1,2}', '{"a": 1}', 'x'), (20, '{}', '[1, 2]', 'y'), (null, '{null,3}', 'null', null), (10, null, null, 'zz'), (30, '{5}', '{"a": {"b": 2}}', 'x')
create view v1 as select a, count(*)::int n, max(b) b from t1 group by a
create index on t1 (a)
""".strip().splitlines()
TABLES = ("t1", "t2", "t3")
COLUMNS = {
    "t1": {"a": "int", "b": "text", "c": "numeric", "d": "date", "e": "bool", "f": "float"},
    "t2": {"a": "int", "g": "text", "h": "int", "i": "timestamp"},
    "t3": {"h": "int", "j": "array", "k": "json", "b": "text"},
    "v1": {"a": "int", "n": "int", "b": "text"},
}
LITERALS = {
    "int": ["0", "1", "2", "3", "-1", "10", "null::int"],
    "text": ["'x'", "'y'", "''", "'zz'", "'ab'", "'X'", "null::text"],
    "numeric": ["1.5", "0.0", "2.50", "-1.25", "null::numeric"],
    "bool": ["true", "false", "null::bool"],
    "date": ["date '2024-01-01'", "date '2024-02-29'", "null::date"],
    "float": ["1.5::float8", "0::float8", "'NaN'::float8", "null::float8"],
    "timestamp": ["timestamp '2024-01-01 10:00'", "null::timestamp"],
    "array": ["'{1,2}'::int[]", "'{}'::int[]", "array[1, null]", "null::int[]"],
    "json": ["'{\"a\": 1}'::jsonb", "'[1, 2]'::jsonb", "'null'::jsonb"],
}
# Calls by the type of their result; {type} stands for an expression.
CALLS = {
    "int": ["({int} + {int})", "({int} * {int})", "length({text})", "abs({int})", "(- {int})", "({int} % 7)",
            "extract(month from {date})::int", "cardinality({array})", "greatest({int}, {int})",
            "array_position({array}, {int})", "strpos({text}, {text})", "({bool})::int"],
    "text": ["({text} || {text})", "upper({text})", "substr({text}, 0, 2)", "({int})::text", "({numeric})::text",
             "concat({text}, {int}, {numeric})", "concat_ws(',', {text}, {int})", "replace({text}, {text}, 'q')",
             "({bool})::text", "({json} ->> 'a')", "to_char({date}, 'YYYY-Mon-DD')", "least({text}, {text})", "left({text}, 1)"],
    "numeric": ["({numeric} + {numeric})", "({numeric} * {int})", "round({numeric}, 1)", "abs({numeric})",
                "({int})::numeric", "({numeric} / 3)", "trunc({numeric})"],
    "date": ["({date} + 17)", "greatest({date}, {date})"],
    "float": ["({float} + {float})", "({int})::float8", "({numeric})::float8", "abs({float})"],
    "timestamp": ["({timestamp} + interval '1 day')", "date_trunc('month', {timestamp})"],
    "array": ["({array} || {int})", "array[{int}, {int}]", "array_remove({array}, {int})"],
    "json": ["to_jsonb({int})", "jsonb_build_object('k', {text})", "({json} -> 'a')", "jsonb_build_array({int}, {bool})"],
    "bool": [],
}
AGGREGATES = {
    "int": ["count(*){filter}::int", "count({distinct}{int}){filter}::int", "sum({distinct}{int}){filter}::int",
            "max({int}){filter}", "min({int}){filter}"],
    "text": ["max({text}){filter}", "min({text}){filter}", "string_agg({text:1}, ',' order by {text:1}){filter}"],
    "numeric": ["sum({distinct}{numeric}){filter}", "avg({int}){filter}", "max({numeric}){filter}"],
    "bool": ["bool_and({bool}){filter}", "bool_or({bool}){filter}", "every({bool}){filter}"],
    "date": ["max({date}){filter}"],
    "float": ["max({float}){filter}"],
    "timestamp": ["max({timestamp}){filter}"],
    "array": ["array_agg({distinct}{int:1} order by {int:1}){filter}"],
    "json": ["to_jsonb(count(*))"],
}
CONDITIONS = [
    ("({same} {comparison} {same})", 8), ("({bool} and {bool})", 2), ("({bool} or {bool})", 2), ("(not {bool})", 2),
    ("({same} is {maybe_not}null)", 2), ("({same} {maybe_not}in ({same}, {same}))", 2),
    ("({same} is {maybe_not}distinct from {same})", 1), ("({same} {maybe_not}between {same} and {same})", 1),
    ("({text} {maybe_not}like 'x%')", 1), ("({text} ~ 'y')", 1), ("({int} = any ({array}))", 1),
    ("({int} <> all ({array}))", 1), ("({bool} is {maybe_not}true)", 1), ("({bool} is unknown)", 1),
    ("(({int}, {text}) {comparison} ({int}, {text}))", 1),
]
WINDOW_CALLS = ["row_number() {over}", "rank() {over}", "lag({int}) {over}", "lead({text}, 2, 'q') {over}", "ntile(3) {over}",
                "sum({int}) {framed}", "count({text}) {framed}", "first_value({int}) {framed}", "last_value({text}) {framed}",
                "nth_value({int}, 2) {framed}", "max({numeric}) {framed}"]
FRAMES = ["", " rows between 1 preceding and 1 following", " rows unbounded preceding", " groups 1 preceding",
          " range between unbounded preceding and unbounded following",
          " rows between unbounded preceding and current row exclude current row"]
SIMPLE = ("int", "text", "numeric", "bool", "date", "float")  # types with an order
DEEPEST = 4


class Scope:
    """The columns that an expression may name, with their types, and those of the query around."""

    def __init__(self, columns, outer=None):
        self.columns, self.outer = columns, outer

    def of(self, type):
        return [name for name, each in self.columns if each == type]


class Statements:
    def __init__(self, seed):
        self.random, self.aliases = random.Random(seed), 0

    def choose(self, *among):
        return self.random.choice(among)

    def often(self, share):
        return self.random.random() < share

    def query(self):
        """A query whose rows are compared in whatever order."""
        self.aliases = 0
        if self.often(.12):
            types = [self.choose(*SIMPLE) for _ in range(self.choose(1, 2))]
            operator = self.choose("union", "union all", "intersect", "except", "intersect all", "except all")
            return f"({self.select(1, types)}) {operator} ({self.select(1, types)})"
        return self.select(0, [self.choose(*SIMPLE, "array", "json", "timestamp") for _ in range(self.choose(1, 2, 3))])

    def change(self):
        self.aliases = 0
        table = self.choose(*TABLES)
        make = self.choose(self.insert, self.update, self.delete, self.merge, self.changes_in_with)
        return make(table, COLUMNS[table], [(f"{table}.{name}", type) for name, type in COLUMNS[table].items()])

    # Expressions.

    def filled(self, template, scope, depth, aggregates=False, clauses=None):
        """The template with an expression for each type in it; what has the same number is the same."""
        same, told = self.choose(*SIMPLE), {}

        def fill(name):
            key, _, number = name.partition(":")
            if number and name in told:
                return told[name]
            words = {"comparison": lambda: self.choose("=", "<>", "<", ">", "<=", ">="),
                     "maybe_not": lambda: self.choose("", "not "), "distinct": lambda: self.choose("", "", "distinct "),
                     "filter": lambda: f" filter (where {self.condition(scope, depth + 1)})" if self.often(.2) else "",
                     "same": lambda: self.expression(same, scope, depth, aggregates)}
            if clauses and key in clauses:
                return clauses[key]
            told[name] = words[key]() if key in words else self.expression(key, scope, depth, aggregates)
            return told[name]

        out, rest = "", template
        while "{" in rest:
            before, _, rest = rest.partition("{")
            name, _, rest = rest.partition("}")
            out += before + fill(name)
        return out + rest

    def expression(self, type, scope, depth=0, aggregates=False):
        if aggregates and depth < 3 and self.often(.5):
            return self.aggregate(type, scope)
        kind = self.random.random()
        if depth >= DEEPEST or kind < .35:
            columns = [] if aggregates else scope.of(type)
            if scope.outer and not aggregates and self.often(.25):
                columns = columns + scope.outer.of(type)
            return self.choose(*columns) if columns and self.often(.8) else self.choose(*LITERALS[type])
        if kind < .42:
            return self.filled(f"case when {{bool}} then {{{type}}} else {{{type}}} end", scope, depth + 1, aggregates)
        if kind < .49:
            return self.filled(f"{self.choose('coalesce', 'nullif' if type != 'json' else 'coalesce')}({{{type}}}, {{{type}}})",
                               scope, depth + 1, aggregates)
        if kind < .53 and not aggregates and depth < 2:
            source, columns = self.table()
            inner = Scope(columns, scope)
            return f"(select {self.aggregate(type, inner)} from {source} where {self.condition(inner, 2)})"
        if type == "bool":
            return self.condition(scope, depth + 1, aggregates)
        return self.filled(self.choose(*CALLS[type]), scope, depth + 1, aggregates)

    def aggregate(self, type, scope):
        return self.filled(self.choose(*AGGREGATES[type]), scope, 2)

    def condition(self, scope, depth=0, aggregates=False):
        if not aggregates and depth < 3 and self.often(.12):
            source, columns = self.table()
            inner, type = Scope(columns, scope), self.choose(*SIMPLE)
            where = f"from {source} where {self.condition(inner, 2)}"
            if self.often(.5):
                return f"({self.choose('', 'not ')}exists (select 1 {where}))"
            operator = self.choose("in", "not in", "= any", "> all", "<= any")
            return f"({self.expression(type, scope, 2)} {operator} (select {self.expression(type, inner, 2)} {where}))"
        if depth >= DEEPEST:
            return self.choose(*LITERALS["bool"])
        template = self.random.choices([c for c, _ in CONDITIONS], [weight for _, weight in CONDITIONS])[0]
        return self.filled(template, scope, depth + 1, aggregates)

    # Where rows come from.

    def table(self):
        self.aliases += 1
        alias, kind = f"r{self.aliases}", self.random.random()
        if kind < .8:
            name = self.choose(*COLUMNS)
            return f"{name} {alias}", [(f"{alias}.{column}", type) for column, type in COLUMNS[name].items()]
        if kind < .9:
            return f"(values (1, 'x'), (2, null), (null, 'y')) {alias}(p, q)", [(f"{alias}.p", "int"), (f"{alias}.q", "text")]
        if kind < .95:
            return f"generate_series(1, 4) {alias}(p)", [(f"{alias}.p", "int")]
        types = [self.choose(*SIMPLE) for _ in range(2)]
        return f"({self.select(2, types)}) {alias}", [(f"{alias}.c{i}", type) for i, type in enumerate(types)]

    def source(self):
        source, columns = self.table()
        for _ in range(self.choose(0, 0, 1, 1, 2)):
            joined, more = self.table()
            how = self.choose("join", "left join", "right join", "full join", "cross join", "lateral")
            ours, theirs = Scope(columns).of("int"), Scope(more).of("int")
            if how == "lateral":
                self.aliases += 1
                source += f" cross join lateral (select {self.expression('int', Scope(columns), 2)} w) r{self.aliases}"
                more = [(f"r{self.aliases}.w", "int")]
            elif how == "cross join":
                source += f" cross join {joined}"
            elif how == "full join" and ours and theirs:
                source += f" full join {joined} on {self.choose(*ours)} = {self.choose(*theirs)}"
            else:
                how = "left join" if how == "full join" else how
                source += f" {how} {joined} on {self.condition(Scope(columns + more), 2)}"
            columns = columns + more
        return source, columns

    def select(self, depth, types):
        source, columns = self.source()
        scope, kind = Scope(columns), self.random.random()
        where = f" where {self.condition(scope)}" if self.often(.6) else ""
        if kind < .3:
            return self.grouped(types, f"{source}{where}", scope)
        results = [self.expression(type, scope) for type in types]
        if kind < .42 and depth == 0:
            return f"select {', '.join([*results, self.windowed(scope)])} from {source}{where}"
        head = "select distinct" if self.often(.15) and "json" not in types else "select"
        tail = ""
        if head == "select" and self.often(.2):
            by = [f"{i + 1}{self.choose('', ' desc', ' nulls first', ' desc nulls last')}" for i in range(len(results))]
            tail = f" order by {', '.join(by)}" + (f" limit {self.choose(0, 1, 3)} offset {self.choose(0, 1)}" if self.often(.5) else "")
        return f"{head} {', '.join(f'{r} as c{i}' for i, r in enumerate(results))} from {source}{where}{tail}"

    def grouped(self, types, source, scope):
        """GROUP BY some of the columns."""
        keys = self.random.sample([c for c, type in scope.columns if type in SIMPLE],
                                  min(self.choose(0, 1, 2), sum(type in SIMPLE for _, type in scope.columns)))
        known = dict(scope.columns)
        results = []
        for type in types:
            fitting = [key for key in keys if known[key] == type]
            results.append(self.choose(*fitting) if fitting and self.often(.5) else self.expression(type, scope, 1, True))
        by = ", ".join(keys)
        clause = "" if not keys else " group by " + (
            self.choose(f"rollup ({by})", f"cube ({by})", f"grouping sets (({by}), ())") if self.often(.3) else by)
        having = f" having {self.condition(scope, 2, True)}" if self.often(.3) else ""
        return f"select {', '.join(f'{r} as c{i}' for i, r in enumerate(results))} from {source}{clause}{having}"

    def windowed(self, scope):
        every = ", ".join(column for column, _ in scope.columns)
        over = f"over (partition by {self.expression('int', scope, 2)} order by {every}"
        clauses = {"over": f"{over})", "framed": f"{over}{self.choose(*FRAMES)})"}
        return self.filled(self.choose(*WINDOW_CALLS), scope, 2, clauses=clauses)

    # Changes.

    def returning(self, scope):
        return f" returning {self.expression('int', scope, 1)}, {self.expression('text', scope, 1)}" if self.often(.6) else ""

    # ON CONFLICT keeps the first of equal keys: only of rows that are in an order.
    def insert(self, table, columns, own):
        conflict = ""
        if self.often(.5):
            rows = ", ".join(f"({', '.join(self.expression(type, Scope([]), 2) for type in columns.values())})"
                             for _ in range(self.choose(1, 2, 3)))
            what = f"values {rows}"
            if table == "t2" and self.often(.7):
                scope = Scope(own + [(f"excluded.{name}", type) for name, type in columns.items()])
                where = f" where {self.condition(scope, 2)}" if self.often(.5) else ""
                sets = f"h = {self.expression('int', scope, 1)}, g = {self.expression('text', scope, 1)}"
                conflict = self.choose(" on conflict do nothing", " on conflict (a) do nothing",
                                       f" on conflict (a) do update set {sets}{where}")
        else:
            what = self.select(1, list(columns.values()))
        return f"insert into {table} ({', '.join(columns)}) {what}{conflict}{self.returning(Scope(own))}"

    def joined(self, word):
        if self.often(.4):
            source, columns = self.table()
            return f" {word} {source}", columns
        return "", []

    # What is set looks at no joined row, of which it could be any.
    def update(self, table, columns, own):
        source, more = self.joined("from")
        names = self.random.sample(list(columns), self.choose(1, 2))
        sets = ", ".join(f"{name} = {self.expression(columns[name], Scope(own), 1)}" for name in names)
        return f"update {table} set {sets}{source} where {self.condition(Scope(own + more), 1)}{self.returning(Scope(own))}"

    def delete(self, table, columns, own):
        source, more = self.joined("using")
        return f"delete from {table}{source} where {self.condition(Scope(own + more), 1)}{self.returning(Scope(own))}"

    def merge(self, table, columns, own):
        while True:
            source, more = self.table()
            keys = Scope(more).of("int")
            if keys:
                break
        name = self.choose(*columns)
        new = ", ".join(self.expression(type, Scope(more), 2) for type in columns.values())
        whens = [
            f"when matched and {self.condition(Scope(own), 2)} then update set {name} = {self.expression(columns[name], Scope(own), 2)}",
            f"when not matched and {self.condition(Scope(more), 2)} then insert ({', '.join(columns)}) values ({new})",
            f"when matched then {self.choose('delete', 'do nothing')}",
            "when not matched then do nothing"]
        return (f"merge into {table} using {source} on {self.choose(*Scope(own).of('int'))} = {self.choose(*keys)} "
                + " ".join(whens[self.choose(0, 1, 2):]))

    def changes_in_with(self, table, columns, own):
        return (f"with w as (delete from {table} where {self.condition(Scope(own), 1)} returning *), "
                f"z as (insert into t2 (a, g) select 50, 'w' returning a) "
                f"select {', '.join(columns)}, (select count(*) from w) from w")
