import static java.util.List.of;

import java.sql.BatchUpdateException;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

// Batches, prepared statements, portals, transactions, errors.
final class Statements {
  static void checks(Target target) {
    for (String rewrite : of("false", "true"))
      target.check("batches, reWriteBatchedInserts=" + rewrite, () -> batches(target, rewrite));

    target.check("a batch that fails tells where, and undoes what autocommit had not kept", () -> {
      try (Connection connection = target.open()) {
        Target.run(connection, "CREATE TEMP TABLE b (a int PRIMARY KEY)");
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO b VALUES (?)")) {
          for (int value : new int[] {1, 2, 1, 3}) {
            insert.setInt(1, value);
            insert.addBatch();
          }
          BatchUpdateException error = (BatchUpdateException) Tap.fails("23505", insert::executeBatch);
          Tap.equal(4, error.getUpdateCounts().length);
        }
        Tap.equal(of("0"), Target.rows(connection, "SELECT count(*) FROM b"));
      }
    });

    target.check("generated keys: of an insert, of a batch, by name", () -> {
      try (Connection connection = target.open()) {
        Target.run(connection, "CREATE TEMP TABLE g (id serial PRIMARY KEY, name text)");
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO g (name) VALUES (?), ('second')", Statement.RETURN_GENERATED_KEYS)) {
          insert.setString(1, "first");
          Tap.equal(2, insert.executeUpdate());
          Tap.equal(of("1|first", "2|second"), Target.rows(insert.getGeneratedKeys()));
        }
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO g (name) VALUES (?)", new String[] {"id"})) {
          for (int i = 0; i < 5; ++i) {
            insert.setString(1, "batch " + i);
            insert.addBatch();
          }
          insert.executeBatch();
          Tap.equal(of("3", "4", "5", "6", "7"), Target.rows(insert.getGeneratedKeys()));
        }
      }
    });

    target.check("a statement becomes a named one of the server after prepareThreshold executions", () -> {
      try (Connection connection = target.open("prepareThreshold", "3"); PreparedStatement prepared = connection.prepareStatement("SELECT ?::int * 2")) {
        for (int i = 1; i <= 6; ++i) {
          prepared.setInt(1, i);
          Tap.equal(of("" + i * 2), Target.rows(prepared.executeQuery()));
          Tap.equal(of(i < 3 ? "0" : "1"), Target.rows(connection, "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%* 2'"));
        }
        prepared.setLong(1, 1L);  // another type: prepared anew
        Tap.equal(of("2"), Target.rows(prepared.executeQuery()));
      }
    });

    for (String autosave : of("always", "conservative", "never"))
      target.check("autosave=" + autosave + ": an error in a transaction, a plan that has changed", () -> autosave(target, autosave));

    target.check("fetch size: portals in portions, with and without a transaction, closed before their end", () -> {
      try (Connection connection = target.open()) {
        connection.setAutoCommit(false);
        for (int size : new int[] {1, 7, 100, 1000, 1001}) {
          try (PreparedStatement prepared = connection.prepareStatement("SELECT g FROM generate_series(1, ?) g")) {
            prepared.setFetchSize(size);
            prepared.setInt(1, size == 1 ? 50 : 1000);
            Tap.equal(size == 1 ? 50 : 1000, Target.rows(prepared.executeQuery()).size());
          }
        }
        Statement first = connection.createStatement(), second = connection.createStatement();
        first.setFetchSize(3);
        second.setFetchSize(5);
        ResultSet left = first.executeQuery("SELECT g FROM generate_series(1, 10) g"), right = second.executeQuery("SELECT g FROM generate_series(101, 110) g");
        for (int i = 1; i <= 10; ++i) {
          left.next();
          right.next();
          Tap.equal(i + 100, left.getInt(1) + 100);
          Tap.equal(i + 100, right.getInt(1));
        }
        left = first.executeQuery("SELECT g FROM generate_series(1, 10) g");
        left.next();
        left.close();
        connection.commit();
        ResultSet open = first.executeQuery("SELECT g FROM generate_series(1, 10) g");
        open.next();
        connection.commit();
        Tap.fails("34000", () -> Target.rows(open));
        connection.rollback();
        connection.setAutoCommit(true);
        first.setMaxRows(4);
        Tap.equal(of("1", "2", "3", "4"), Target.rows(first.executeQuery("SELECT g FROM generate_series(1, 10) g")));
      }
    });

    target.check("scrollable and updatable results", () -> {
      try (Connection connection = target.open()) {
        Target.run(connection, "CREATE TABLE jdbc_updatable (id int PRIMARY KEY, name text)", "INSERT INTO jdbc_updatable SELECT g, 'n' || g FROM generate_series(1, 5) g");
        try (Statement statement = connection.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE);
             ResultSet rows = statement.executeQuery("SELECT * FROM jdbc_updatable ORDER BY id")) {
          rows.absolute(3);
          rows.updateString("name", "changed");
          rows.updateRow();
          rows.last();
          rows.deleteRow();
          rows.moveToInsertRow();
          rows.updateInt("id", 9);
          rows.updateString("name", "new");
          rows.insertRow();
          rows.first();
          Tap.equal("n1", rows.getString(2));
          rows.refreshRow();
        }
        Tap.equal(of("1|n1", "2|n2", "3|changed", "4|n4", "9|new"), Target.rows(connection, "SELECT * FROM jdbc_updatable ORDER BY id"));
        Target.run(connection, "DROP TABLE jdbc_updatable");
      }
    });

    target.check("transactions: isolation, read only, savepoints, what a failed one says", () -> {
      try (Connection connection = target.open()) {
        Tap.equal(Connection.TRANSACTION_READ_COMMITTED, connection.getTransactionIsolation());
        for (int level : new int[] {Connection.TRANSACTION_READ_UNCOMMITTED, Connection.TRANSACTION_REPEATABLE_READ, Connection.TRANSACTION_SERIALIZABLE}) {
          connection.setTransactionIsolation(level);
          Tap.equal(level, connection.getTransactionIsolation());
        }
        connection.setAutoCommit(false);
        Target.run(connection, "CREATE TEMP TABLE s (a int)", "INSERT INTO s VALUES (1)");
        Savepoint named = connection.setSavepoint("it's"), unnamed = connection.setSavepoint();
        Target.run(connection, "INSERT INTO s VALUES (2)");
        Tap.fails("22012", () -> Target.rows(connection, "SELECT 1 / 0"));
        Tap.fails("25P02", () -> Target.rows(connection, "SELECT 1"));
        connection.rollback(unnamed);
        connection.rollback(named);
        connection.releaseSavepoint(named);
        Tap.equal(of("1"), Target.rows(connection, "SELECT * FROM s"));
        Tap.fails("22012", () -> Target.rows(connection, "SELECT 1 / 0"));
        connection.commit();  // answered with ROLLBACK
        Tap.fails("42P01", () -> Target.rows(connection, "SELECT * FROM s"));
        connection.rollback();
        connection.setReadOnly(true);
        Tap.fails("25006", () -> Target.run(connection, "CREATE TABLE jdbc_never (a int)"));
        connection.rollback();
      }
    });

    target.check("errors with their SQLSTATE and fields", () -> {
      try (Connection connection = target.open()) {
        Target.run(connection, "CREATE TABLE jdbc_errors (id int PRIMARY KEY, name varchar(3) NOT NULL, age int CHECK (age > 0))", "INSERT INTO jdbc_errors VALUES (1, 'a', 1)");
        ServerErrorMessage told = told("23505", connection, "INSERT INTO jdbc_errors VALUES (1, 'b', 1)");
        Tap.equal("ERROR public jdbc_errors jdbc_errors_pkey Key (id)=(1) already exists.",
            told.getSeverity() + " " + told.getSchema() + " " + told.getTable() + " " + told.getConstraint() + " " + told.getDetail());
        Tap.equal("name", told("23502", connection, "INSERT INTO jdbc_errors VALUES (2, NULL, 1)").getColumn());
        Tap.equal("jdbc_errors_age_check", told("23514", connection, "INSERT INTO jdbc_errors VALUES (2, 'b', -1)").getConstraint());
        told("22001", connection, "INSERT INTO jdbc_errors VALUES (2, 'long', 1)");
        Tap.equal(8, told("42703", connection, "SELECT nosuch").getPosition());
        Tap.equal(1, told("42601", connection, "SELEC 1").getPosition());
        told("42P01", connection, "TABLE nosuch");
        told("42883", connection, "SELECT nosuch(1)");
        told("22P02", connection, "SELECT 'x'::int");
        told("22003", connection, "SELECT 99999999999::int");
        told("42P07", connection, "CREATE TABLE jdbc_errors ()");
        try (PreparedStatement prepared = connection.prepareStatement("SELECT ?::int")) {
          prepared.setString(1, "x");
          Tap.fails("22P02", prepared::executeQuery);
          prepared.setInt(1, 4);
          Tap.equal(of("4"), Target.rows(prepared.executeQuery()));
        }
        Target.run(connection, "DROP TABLE jdbc_errors");
      }
    });

    target.check("several statements in one, warnings, escapes, function calls", () -> {
      try (Connection connection = target.open(); Statement statement = connection.createStatement()) {
        Tap.equal(true, statement.execute("SELECT 1; CREATE TEMP TABLE m (a int); INSERT INTO m VALUES (1), (2); SELECT a FROM m"));
        List<Object> seen = new ArrayList<>();
        for (boolean more = true; more || statement.getUpdateCount() != -1; more = statement.getMoreResults())
          seen.add(more ? Target.rows(statement.getResultSet()) : statement.getUpdateCount());
        Tap.equal("[[1], 0, 2, [1, 2]]", seen);
        statement.execute("DO $$BEGIN RAISE WARNING 'careful'; END$$");
        Tap.equal("careful 01000", statement.getWarnings().getMessage() + " " + statement.getWarnings().getSQLState());
        Tap.equal(of("2024-02-29|AB|x"), Target.rows(connection, "SELECT {d '2024-02-29'}, {fn concat('A', 'B')}, {fn lcase('X')}"));
        try (CallableStatement call = connection.prepareCall("{? = call upper(?)}")) {
          call.registerOutParameter(1, java.sql.Types.VARCHAR);
          call.setString(2, "é x");
          call.execute();
          Tap.equal("X", call.getString(1).substring(2));
        }
      }
    });
  }

  private static ServerErrorMessage told(String state, Connection connection, String query) throws Exception {
    return ((PSQLException) Tap.fails(state, () -> Target.run(connection, query))).getServerErrorMessage();
  }

  private static void batches(Target target, String rewrite) throws Exception {
    try (Connection connection = target.open("reWriteBatchedInserts", rewrite)) {
      Target.run(connection, "CREATE TEMP TABLE b (a int, t text)");
      for (boolean autocommit : new boolean[] {true, false}) {
        connection.setAutoCommit(autocommit);
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO b VALUES (?, ?)")) {
          for (int i = 0; i < 1000; ++i) {
            insert.setInt(1, i);
            insert.setString(2, i % 10 == 0 ? null : "row " + i);
            insert.addBatch();
          }
          Tap.equal(1000, insert.executeBatch().length);
        }
        connection.setAutoCommit(true);
      }
      Tap.equal(of("2000|999000|200"), Target.rows(connection, "SELECT count(*), sum(a), count(*) FILTER (WHERE t IS NULL) FROM b"));
      try (PreparedStatement update = connection.prepareStatement("UPDATE b SET t = ? WHERE a < ?")) {
        for (int i = 1; i <= 3; ++i) {
          update.setString(1, "u" + i);
          update.setInt(2, i);
          update.addBatch();
        }
        Tap.equal(new int[] {2, 4, 6}, update.executeBatch());
      }
      try (Statement mixed = connection.createStatement()) {
        mixed.addBatch("INSERT INTO b VALUES (-1)");
        mixed.addBatch("UPDATE b SET t = 'm' WHERE a = -1");
        mixed.addBatch("DELETE FROM b WHERE a IN (-1, 0)");
        Tap.equal(new int[] {1, 1, 3}, mixed.executeBatch());
      }
    }
  }

  private static void autosave(Target target, String autosave) throws Exception {
    try (Connection connection = target.open("autosave", autosave, "prepareThreshold", "1")) {
      Target.run(connection, "CREATE TEMP TABLE p (a int)", "INSERT INTO p VALUES (1)");
      connection.setAutoCommit(false);
      try (PreparedStatement prepared = connection.prepareStatement("SELECT * FROM p")) {
        for (int i = 0; i < 3; ++i) Tap.equal(of("1"), Target.rows(prepared.executeQuery()));
        connection.commit();
        Target.run(connection, "ALTER TABLE p ADD COLUMN b int DEFAULT 2");
        if (autosave.equals("never")) {
          Tap.fails("0A000", prepared::executeQuery);
          connection.rollback();
        } else {
          Tap.equal(of("1|2"), Target.rows(prepared.executeQuery()));
          connection.commit();
          Target.run(connection, "DEALLOCATE ALL");
          Tap.equal(of("1|2"), Target.rows(prepared.executeQuery()));
        }
        connection.rollback();
      }
      Target.run(connection, "INSERT INTO p VALUES (5)");
      Tap.fails("22012", () -> Target.rows(connection, "SELECT 1 / 0"));
      if (autosave.equals("always"))
        Tap.equal(of("1"), Target.rows(connection, "SELECT count(*) FROM p WHERE a = 5"));
      else
        Tap.fails("25P02", () -> Target.rows(connection, "SELECT count(*) FROM p WHERE a = 5"));
      connection.rollback();
    }
  }
}
