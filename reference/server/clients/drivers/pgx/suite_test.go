// pgx: binary where it can, statements prepared and cached, its own pipelines, CopyFrom in binary.
package suite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
)

func uri(user, more string) string {
	return fmt.Sprintf("postgresql://%s:%s@%s:%s/%s?%s", user, users[user], host, port, database, more)
}

func connect(t *testing.T, more string) (context.Context, *pgx.Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	connection, err := pgx.Connect(ctx, uri("trust", "sslmode=disable"+more))
	ok(t, err)
	t.Cleanup(func() { connection.Close(context.Background()); cancel() })
	return ctx, connection
}

func code(t *testing.T, err error, expected string) *pgconn.PgError {
	t.Helper()
	var told *pgconn.PgError
	if !errors.As(err, &told) {
		t.Fatalf("expected %s, got %v", expected, err)
	}
	equal(t, expected, told.Code)
	return told
}

func TestLogsInInEveryWay(t *testing.T) {
	ctx := context.Background()
	for user := range users {
		for _, more := range []string{"sslmode=disable", "sslmode=require", "sslmode=verify-full&sslrootcert=" + ca} {
			connection, err := pgx.Connect(ctx, uri(user, more))
			ok(t, err)
			var name string
			ok(t, connection.QueryRow(ctx, "SELECT current_user::text").Scan(&name))
			equal(t, user, name)
			connection.Close(ctx)
		}
	}
	_, err := pgx.Connect(ctx, strings.Replace(uri("scram", "sslmode=disable"), "pencil", "wrong", 1))
	code(t, err, "28P01")
}

func TestTypesBothWays(t *testing.T) {
	when := time.Date(2024, 2, 29, 12, 34, 56, 789000, time.UTC)
	values := []struct {
		name  string
		value any
	}{{"bool", true}, {"int2", int16(-7)}, {"int4", int32(7)}, {"int8", int64(1) << 62}, {"float4", float32(1.5)}, {"float8", 1e300}, {"text", "é"}, {"varchar", ""},
		{"bytea", []byte{0, 255}}, {"timestamp", when}, {"date", time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)}, {"int4[]", []int32{1, 2, 3}}, {"text[]", []string{"a", "b,c"}},
		{"uuid", [16]byte{15: 15}}, {"interval", pgtype.Interval{Microseconds: 5, Days: 2, Months: 3, Valid: true}}, {"numeric", pgtype.Numeric{Int: big.NewInt(12345), Exp: -2, Valid: true}}}
	for _, mode := range []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"} {
		ctx, connection := connect(t, "&default_query_exec_mode="+mode)
		for _, each := range values {
			if mode == "exec" || mode == "simple_protocol" {
				if strings.Contains("uuid interval numeric timestamp date int4[] text[]", each.name) {
					continue // without a description the driver does not know how to send them
				}
			}
			got := reflect.New(reflect.TypeOf(each.value))
			if err := connection.QueryRow(ctx, "SELECT $1::"+each.name, each.value).Scan(got.Interface()); err != nil {
				t.Fatalf("%s %s: %v", mode, each.name, err)
			}
			if !reflect.DeepEqual(each.value, got.Elem().Interface()) {
				t.Fatalf("%s %s: %v came back as %v", mode, each.name, each.value, got.Elem())
			}
		}
		var null *int32
		ok(t, connection.QueryRow(ctx, "SELECT $1::int", null).Scan(&null))
		equal(t, true, null == nil)
	}
}

func TestPreparedStatements(t *testing.T) {
	ctx, connection := connect(t, "")
	description, err := connection.Prepare(ctx, "plus", "SELECT $1::int + 1 AS n, $2::text")
	ok(t, err)
	equal(t, 2, len(description.ParamOIDs))
	equal(t, "n", description.Fields[0].Name)
	for i := range 5 {
		var n int
		var text string
		ok(t, connection.QueryRow(ctx, "plus", i, "x").Scan(&n, &text))
		equal(t, i+1, n)
	}
	ok(t, connection.Deallocate(ctx, "plus"))
	_, err = connection.Exec(ctx, "CREATE TEMP TABLE p (a int)")
	ok(t, err)
	_, err = connection.Exec(ctx, "SELECT * FROM p")
	ok(t, err)
	_, err = connection.Exec(ctx, "ALTER TABLE p ADD b int")
	ok(t, err)
	if _, err = connection.Exec(ctx, "SELECT * FROM p"); err != nil { // the first use of a changed statement may fail
		code(t, err, "0A000")
	}
	_, err = connection.Exec(ctx, "SELECT * FROM p")
	ok(t, err)
}

func TestTransactionsAndErrors(t *testing.T) {
	ctx, connection := connect(t, "")
	_, err := connection.Exec(ctx, "CREATE TEMP TABLE t (a int PRIMARY KEY)")
	ok(t, err)
	ok(t, pgx.BeginTxFunc(ctx, connection, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO t VALUES ($1)", 1); err != nil {
			return err
		}
		err := pgx.BeginFunc(ctx, tx, func(inner pgx.Tx) error {
			_, err := inner.Exec(ctx, "INSERT INTO t VALUES (1)")
			return err
		})
		equal(t, "t_pkey", code(t, err, "23505").ConstraintName)
		return nil
	}))
	var count int
	ok(t, connection.QueryRow(ctx, "SELECT count(*) FROM t").Scan(&count))
	equal(t, 1, count)
	_, err = connection.Exec(ctx, "SELECT nosuch")
	equal(t, int32(8), code(t, err, "42703").Position)
}

func TestBatches(t *testing.T) {
	ctx, connection := connect(t, "")
	batch := &pgx.Batch{}
	for i := range 200 {
		batch.Queue("SELECT $1::int * 2", i)
	}
	results := connection.SendBatch(ctx, batch)
	for i := range 200 {
		var n int
		ok(t, results.QueryRow().Scan(&n))
		equal(t, 2*i, n)
	}
	ok(t, results.Close())
	broken := &pgx.Batch{}
	broken.Queue("SELECT 1")
	broken.Queue("SELECT 1 / $1::int", 0)
	broken.Queue("SELECT 2")
	code(t, connection.SendBatch(ctx, broken).Close(), "22012")
	_, err := connection.Exec(ctx, "SELECT 1")
	ok(t, err)
}

func TestLargeResults(t *testing.T) {
	ctx, connection := connect(t, "")
	rows, err := connection.Query(ctx, "SELECT g, repeat('x', 50) FROM generate_series(1, 100000) g")
	ok(t, err)
	count := 0
	for rows.Next() {
		count++
	}
	ok(t, rows.Err())
	equal(t, 100000, count)
	rows, err = connection.Query(ctx, "SELECT g FROM generate_series(1, 100000) g")
	ok(t, err)
	rows.Next()
	rows.Close() // reads what is left
	var length int
	ok(t, connection.QueryRow(ctx, "SELECT length($1::text)", strings.Repeat("x", 10_000_000)).Scan(&length))
	equal(t, 10_000_000, length)
}

func TestCopyBothWays(t *testing.T) {
	ctx, connection := connect(t, "")
	_, err := connection.Exec(ctx, "CREATE TEMP TABLE c (a int, b text)")
	ok(t, err)
	copied, err := connection.CopyFrom(ctx, pgx.Identifier{"c"}, []string{"a", "b"}, pgx.CopyFromSlice(5000, func(i int) ([]any, error) { return []any{i, fmt.Sprint("row ", i)}, nil }))
	ok(t, err)
	equal(t, int64(5000), copied)
	var out bytes.Buffer
	_, err = connection.PgConn().CopyTo(ctx, &out, "COPY (SELECT * FROM c ORDER BY a LIMIT 2) TO STDOUT")
	ok(t, err)
	equal(t, "0\trow 0\n1\trow 1\n", out.String())
	_, err = connection.CopyFrom(ctx, pgx.Identifier{"c"}, []string{"a", "b"}, pgx.CopyFromSlice(10, func(i int) ([]any, error) {
		if i == 5 {
			return nil, errors.New("given up")
		}
		return []any{i, ""}, nil
	}))
	equal(t, true, err != nil)
	_, err = connection.Exec(ctx, "SELECT 1")
	ok(t, err)
}

func TestCancel(t *testing.T) {
	for _, more := range []string{"", "&sslmode=require"} {
		ctx, connection := connect(t, more)
		time.AfterFunc(200*time.Millisecond, func() { connection.PgConn().CancelRequest(ctx) })
		_, err := connection.Exec(ctx, "SELECT pg_sleep(30)")
		code(t, err, "57014")
		_, err = connection.Exec(ctx, "SELECT 1")
		ok(t, err)
	}
}

func TestListenAndNotify(t *testing.T) {
	ctx, listener := connect(t, "")
	_, teller := connect(t, "")
	_, err := listener.Exec(ctx, "LISTEN news")
	ok(t, err)
	_, err = teller.Exec(ctx, "SELECT pg_notify('news', $1)", "it")
	ok(t, err)
	heard, err := listener.WaitForNotification(ctx)
	ok(t, err)
	equal(t, pgconn.Notification{PID: teller.PgConn().PID(), Channel: "news", Payload: "it"}, *heard)
}

func TestCustomTypes(t *testing.T) {
	ctx, connection := connect(t, "")
	kind, err := connection.LoadType(ctx, "int4[]")
	ok(t, err)
	equal(t, uint32(1007), kind.OID)
}

func TestPool(t *testing.T) {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, uri("scram", "sslmode=disable&pool_max_conns=4"))
	ok(t, err)
	defer pool.Close()
	failures := make(chan error, 40)
	for i := range 40 {
		go func() {
			var n int
			err := pool.QueryRow(ctx, "SELECT $1::int", i).Scan(&n)
			if err == nil && n != i {
				err = fmt.Errorf("%d came back as %d", i, n)
			}
			failures <- err
		}()
	}
	for range 40 {
		ok(t, <-failures)
	}
}
