// lib/pq: database/sql, text results, unnamed statements, COPY as a statement, a Listener.
package suite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"
)

func conninfo(user, more string) string {
	text := fmt.Sprintf("host=%s port=%s dbname=%s user=%s %s", host, port, database, user, more)
	if users[user] != "" {
		text += " password=" + users[user]
	}
	return text
}

func open(t *testing.T, more string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", conninfo("trust", "sslmode=disable "+more))
	ok(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

func code(t *testing.T, err error, expected string) *pq.Error {
	t.Helper()
	var told *pq.Error
	if !errors.As(err, &told) {
		t.Fatalf("expected %s, got %v", expected, err)
	}
	equal(t, expected, string(told.Code))
	return told
}

func TestLogsInInEveryWay(t *testing.T) {
	for user := range users {
		for _, more := range []string{"sslmode=disable", "sslmode=require", "sslmode=verify-full sslrootcert=" + ca} {
			db, err := sql.Open("postgres", conninfo(user, more))
			ok(t, err)
			var name string
			ok(t, db.QueryRow("SELECT current_user").Scan(&name))
			equal(t, user, name)
			db.Close()
		}
	}
	db, _ := sql.Open("postgres", strings.Replace(conninfo("scram", "sslmode=disable"), "pencil", "wrong", 1))
	code(t, db.Ping(), "28P01")
	db.Close()
}

func both[T comparable](t *testing.T, db *sql.DB, name string, value T) {
	t.Helper()
	var got T
	ok(t, db.QueryRow("SELECT $1::"+name, value).Scan(&got))
	equal(t, value, got)
}

func TestTypesBothWays(t *testing.T) {
	for _, more := range []string{"", "binary_parameters=yes"} {
		db := open(t, more)
		both(t, db, "bool", true)
		both(t, db, "int4", 7)
		both(t, db, "int8", int64(1)<<62)
		both(t, db, "float8", 1e300)
		both(t, db, "numeric", "12345.6789")
		both(t, db, "text", "é")
		both(t, db, "text", "")
		both(t, db, "uuid", "00000000-0000-4000-8000-00000000000f")
		both(t, db, "int4", sql.NullInt64{})
		var bytes []byte
		ok(t, db.QueryRow("SELECT $1::bytea", []byte{0, 255}).Scan(&bytes))
		equal(t, "\x00\xff", string(bytes))
		var when time.Time
		ok(t, db.QueryRow("SELECT $1::timestamptz", time.Date(2024, 2, 29, 12, 34, 56, 789000, time.UTC)).Scan(&when))
		equal(t, "2024-02-29T12:34:56.000789Z", when.UTC().Format(time.RFC3339Nano))
		var numbers []int64
		ok(t, db.QueryRow("SELECT $1::int[]", pq.Array([]int64{1, 2, 3})).Scan(pq.Array(&numbers)))
		equal(t, "[1 2 3]", fmt.Sprint(numbers))
	}
}

func TestPreparedStatements(t *testing.T) {
	statement, err := open(t, "").Prepare("SELECT $1::int + 1")
	ok(t, err)
	for i := range 5 {
		var n int
		ok(t, statement.QueryRow(i).Scan(&n))
		equal(t, i+1, n)
	}
	ok(t, statement.Close())
}

func TestTransactionsAndErrors(t *testing.T) {
	db := open(t, "")
	_, err := db.Exec("CREATE TEMP TABLE t (a int PRIMARY KEY)")
	ok(t, err)
	tx, err := db.BeginTx(context.Background(), &sql.TxOptions{Isolation: sql.LevelSerializable})
	ok(t, err)
	_, err = tx.Exec("INSERT INTO t VALUES ($1)", 1)
	ok(t, err)
	_, err = tx.Exec("INSERT INTO t VALUES (1)")
	equal(t, "t_pkey", code(t, err, "23505").Constraint)
	_, err = tx.Exec("SELECT 1")
	code(t, err, "25P02")
	ok(t, tx.Rollback())
	var count int
	ok(t, db.QueryRow("SELECT count(*) FROM t").Scan(&count))
	equal(t, 0, count)
	_, err = db.Exec("SELECT nosuch")
	equal(t, "8", code(t, err, "42703").Position)
	_, err = db.Exec("SELECT $1::int", "x")
	code(t, err, "22P02")
}

func TestSeveralResults(t *testing.T) {
	rows, err := open(t, "").Query("SELECT 1; SELECT 2")
	ok(t, err)
	defer rows.Close()
	for i := 1; i <= 2; i++ {
		var n int
		equal(t, true, rows.Next())
		ok(t, rows.Scan(&n))
		equal(t, i, n)
		equal(t, false, rows.Next())
		equal(t, i == 1, rows.NextResultSet())
	}
}

func TestLargeResults(t *testing.T) {
	db := open(t, "")
	rows, err := db.Query("SELECT g, repeat('x', 50) FROM generate_series(1, 100000) g")
	ok(t, err)
	count := 0
	for rows.Next() {
		count++
	}
	ok(t, rows.Err())
	equal(t, 100000, count)
	var length int
	ok(t, db.QueryRow("SELECT length($1::text)", strings.Repeat("x", 10_000_000)).Scan(&length))
	equal(t, 10_000_000, length)
}

func TestCopyIn(t *testing.T) {
	db := open(t, "")
	_, err := db.Exec("CREATE TEMP TABLE c (a int, b text)")
	ok(t, err)
	tx, err := db.Begin()
	ok(t, err)
	statement, err := tx.Prepare(pq.CopyIn("c", "a", "b"))
	ok(t, err)
	for i := range 5000 {
		_, err = statement.Exec(i, fmt.Sprint("row\t", i))
		ok(t, err)
	}
	_, err = statement.Exec()
	ok(t, err)
	ok(t, statement.Close())
	ok(t, tx.Commit())
	var last string
	ok(t, db.QueryRow("SELECT b FROM c WHERE a = 4999").Scan(&last))
	equal(t, "row\t4999", last)
}

func TestCancel(t *testing.T) {
	db := open(t, "")
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	_, err := db.ExecContext(ctx, "SELECT pg_sleep(30)")
	if err == nil {
		t.Fatal("not cancelled")
	}
	_, err = db.Exec("SELECT 1")
	ok(t, err)
}

func TestListenAndNotify(t *testing.T) {
	listener := pq.NewListener(conninfo("scram", "sslmode=disable"), time.Second, time.Minute, nil)
	defer listener.Close()
	ok(t, listener.Listen("news"))
	_, err := open(t, "").Exec("SELECT pg_notify('news', $1)", "it")
	ok(t, err)
	select {
	case heard := <-listener.Notify:
		equal(t, "news it", heard.Channel+" "+heard.Extra)
	case <-time.After(10 * time.Second):
		t.Fatal("nothing heard")
	}
}
