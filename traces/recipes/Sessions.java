import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.sql.*;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/** The sessions of traces/corpus/pgjdbc: one connection each, in this order; prints their names. */
public class Sessions {
  interface Body { void run(Connection c) throws Exception; }

  static String url;

  static void session(String name, String user, String password, String options, Body body) throws Exception {
    System.out.println(name);
    Properties p = new Properties();
    p.setProperty("user", user);
    p.setProperty("password", password);
    p.setProperty("sslmode", "disable");
    p.setProperty("gssEncMode", "disable");
    for (String option : options.split(" "))
      if (!option.isEmpty()) p.setProperty(option.split("=")[0], option.split("=")[1]);
    try (Connection c = DriverManager.getConnection(url, p)) {
      body.run(c);
    } catch (SQLException refused) {
      if (body != null) throw refused;
    }
  }

  static void owner(String name, String options, Body body) throws Exception {
    session(name, "conformance", "conformance", options, body);
  }
  static void simple(String name, Body body) throws Exception {
    owner(name, "preferQueryMode=simple", body);
  }

  static void read(ResultSet rows) throws SQLException {
    int columns = rows.getMetaData().getColumnCount();
    while (rows.next())
      for (int i = 1; i <= columns; ++i) rows.getObject(i);
    rows.close();
  }
  static void query(Connection c, String sql) throws SQLException {
    try (Statement s = c.createStatement()) { read(s.executeQuery(sql)); }
  }
  static void update(Connection c, String sql) throws SQLException {
    try (Statement s = c.createStatement()) { s.executeUpdate(sql); }
  }
  static void fails(Connection c, String sql) {
    try (Statement s = c.createStatement()) {
      s.execute(sql);
      throw new AssertionError("did not fail: " + sql);
    } catch (SQLException expected) {
    }
  }

  public static void main(String[] arguments) throws Exception {
    url = arguments[0];

    session("login-cleartext", "cleartext", "open-sesame", "", c -> query(c, "SELECT 1 AS one"));
    session("login-scram", "scram", "pencil", "", c -> query(c, "SELECT 'hello' AS greeting, 42 AS answer"));
    session("wrong-password", "scram", "pen", "", null);

    owner("parameters", "", c -> {
      try (PreparedStatement s = c.prepareStatement("SELECT ?::int, ?::bigint, ?::text, ?::boolean, ?::float8, ?::numeric, ?::date, ?::text, ?::bytea")) {
        s.setInt(1, -1);
        s.setLong(2, 1L << 40);
        s.setString(3, "é");
        s.setBoolean(4, true);
        s.setDouble(5, 0.1);
        s.setBigDecimal(6, new BigDecimal("12345.6789"));
        s.setDate(7, Date.valueOf("2024-02-29"));
        s.setNull(8, Types.VARCHAR);
        s.setBytes(9, new byte[] {0, (byte) 255});
        read(s.executeQuery());
      }
    });

    // From the fifth execution on the statement is prepared under a name, and answers come in binary.
    owner("prepared-again", "", c -> {
      try (PreparedStatement s = c.prepareStatement("SELECT ?::int + 1, 2.5::float8, 'text'")) {
        for (int i = 1; i <= 7; ++i) {
          s.setInt(1, i);
          read(s.executeQuery());
        }
      }
    });

    owner("binary", "prepareThreshold=-1", c -> {
      try (PreparedStatement s = c.prepareStatement("SELECT ?::int8, ?::float4, '00000000-0000-0000-0000-0000000000ff'::uuid, '2024-02-29 12:00:00+00'::timestamptz, '{1,2,NULL}'::int[], NULL::int4")) {
        s.setLong(1, Long.MIN_VALUE);
        s.setFloat(2, 1.5f);
        read(s.executeQuery());
      }
    });

    owner("batch", "", c -> {
      update(c, "CREATE TEMP TABLE recipe_batch (id int, name text)");
      try (PreparedStatement s = c.prepareStatement("INSERT INTO recipe_batch VALUES (?, ?)")) {
        for (int i = 0; i < 3; ++i) {
          s.setInt(1, i);
          s.setString(2, i == 1 ? null : "row " + i);
          s.addBatch();
        }
        s.executeBatch();
      }
      query(c, "SELECT * FROM recipe_batch ORDER BY id");
    });

    owner("batch-fails", "", c -> {
      update(c, "CREATE TEMP TABLE recipe_batch (id int PRIMARY KEY)");
      try (PreparedStatement s = c.prepareStatement("INSERT INTO recipe_batch VALUES (?)")) {
        for (int i : new int[] {1, 2, 1, 3}) {
          s.setInt(1, i);
          s.addBatch();
        }
        s.executeBatch();
        throw new AssertionError();
      } catch (BatchUpdateException expected) {
      }
      query(c, "SELECT count(*) FROM recipe_batch");
    });

    owner("fetch-size", "", c -> {
      c.setAutoCommit(false);
      try (Statement s = c.createStatement()) {
        s.setFetchSize(2);
        read(s.executeQuery("SELECT g FROM generate_series(1, 5) AS g"));
      }
      c.commit();
    });

    owner("error-and-recovery", "", c -> {
      fails(c, "SELECT nothing");
      fails(c, "SELECT 1/0");
      query(c, "SELECT 1");
      c.setAutoCommit(false);
      fails(c, "SELEC 1");
      fails(c, "SELECT 2");
      c.rollback();
      query(c, "SELECT 3");
      c.commit();
    });

    owner("savepoint", "", c -> {
      c.setAutoCommit(false);
      update(c, "CREATE TEMP TABLE recipe_savepoint (id int)");
      Savepoint before = c.setSavepoint("before");
      update(c, "INSERT INTO recipe_savepoint VALUES (1)");
      c.rollback(before);
      query(c, "SELECT * FROM recipe_savepoint");
      c.commit();
    });

    owner("several-statements", "", c -> {
      try (Statement s = c.createStatement()) {
        boolean rows = s.execute("SELECT 1; SELECT 2 AS two; SELECT 3 AS three");
        while (rows) {
          read(s.getResultSet());
          rows = s.getMoreResults();
        }
      }
    });

    owner("returning", "", c -> {
      update(c, "CREATE TEMP TABLE recipe_returning (id serial, name text)");
      try (PreparedStatement s = c.prepareStatement("INSERT INTO recipe_returning (name) VALUES (?)", Statement.RETURN_GENERATED_KEYS)) {
        s.setString(1, "one");
        s.executeUpdate();
        read(s.getGeneratedKeys());
      }
    });

    owner("metadata", "", c -> {
      update(c, "CREATE TABLE recipe_metadata (id int PRIMARY KEY, name varchar(20) NOT NULL)");
      DatabaseMetaData m = c.getMetaData();
      read(m.getTables(null, "public", "recipe_metadata", new String[] {"TABLE"}));
      read(m.getColumns(null, "public", "recipe_metadata", null));
      read(m.getPrimaryKeys(null, "public", "recipe_metadata"));
      update(c, "DROP TABLE recipe_metadata");
    });

    owner("describe-parameters", "", c -> {
      try (PreparedStatement s = c.prepareStatement("SELECT ?::int + ?::int, ?::text")) {
        s.getParameterMetaData().getParameterCount();
        s.getMetaData().getColumnCount();
      }
    });

    owner("copy", "", c -> {
      update(c, "CREATE TEMP TABLE recipe_copy (id int, name text)");
      CopyManager copy = c.unwrap(PGConnection.class).getCopyAPI();
      copy.copyIn("COPY recipe_copy FROM STDIN", new StringReader("1\tone\n2\t\\N\n"));
      copy.copyOut("COPY recipe_copy TO STDOUT CSV", new StringWriter());
      try {
        copy.copyIn("COPY recipe_copy FROM STDIN", new StringReader("x\n"));
        throw new AssertionError();
      } catch (SQLException expected) {
      }
    });

    simple("simple-select", c -> {
      query(c, "SELECT 1 AS a, 'two' AS b, NULL AS c, true AS d");
      query(c, "VALUES (1, 'one'), (2, 'two')");
    });

    simple("simple-parameters", c -> {
      try (PreparedStatement s = c.prepareStatement("SELECT ?, ?")) {
        s.setInt(1, 7);
        s.setString(2, "it's");
        read(s.executeQuery());
      }
    });

    simple("simple-table", c -> {
      update(c, "CREATE TABLE recipe_simple (id int, name text)");
      update(c, "INSERT INTO recipe_simple VALUES (1, 'one'), (2, NULL)");
      query(c, "SELECT id, name FROM recipe_simple WHERE id = 2");
      query(c, "SELECT * FROM recipe_simple ORDER BY id DESC");
      update(c, "DROP TABLE recipe_simple");
    });

    simple("simple-transaction", c -> {
      c.setAutoCommit(false);
      query(c, "SELECT 1");
      c.commit();
      fails(c, "SELECT nothing");
      fails(c, "SELECT 2");
      c.rollback();
    });

    simple("simple-errors", c -> {
      fails(c, "SELECT 1/0");
      fails(c, "SELEC 1");
      query(c, "SELECT 1");
    });

    simple("simple-settings", c -> {
      update(c, "SET application_name = 'recipe'");
      query(c, "SHOW application_name");
      update(c, "RESET application_name");
    });
  }
}
