import static java.util.List.of;

import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

// What DatabaseMetaData and its kin tell of a schema; the first target is held against the last.
final class Metadata {
  private static final String[] SCHEMA = {
      "CREATE SCHEMA jdbc",
      "CREATE TABLE jdbc.parent (id serial PRIMARY KEY, name varchar(20) NOT NULL, price numeric(10,2) DEFAULT 1.5, made timestamptz(3) DEFAULT now(), flags bit(4), tags text[], note text, UNIQUE (name, price))",
      "CREATE TABLE jdbc.child (parent_id int NOT NULL REFERENCES jdbc.parent ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE, line smallint, body jsonb, code char(3), PRIMARY KEY (parent_id, line))",
      "CREATE TABLE jdbc.other (name varchar(20), price numeric(10,2), CONSTRAINT both_of_them FOREIGN KEY (name, price) REFERENCES jdbc.parent (name, price))",
      "CREATE INDEX child_body ON jdbc.child (code DESC, line)",
      "CREATE VIEW jdbc.cheap AS SELECT id, name FROM jdbc.parent WHERE price < 1",
      "CREATE SEQUENCE jdbc.counter",
      "CREATE TYPE jdbc.mood AS ENUM ('sad', 'ok')",
      "CREATE DOMAIN jdbc.positive AS int CHECK (VALUE > 0)",
      "CREATE TYPE jdbc.pair AS (a int, b text)",
      "CREATE TABLE jdbc.made (m jdbc.mood DEFAULT 'ok', p jdbc.positive, c jdbc.pair, d int GENERATED ALWAYS AS (1) STORED)",
      "COMMENT ON TABLE jdbc.parent IS 'what others belong to'",
      "COMMENT ON COLUMN jdbc.parent.note IS 'free text'"};

  private interface Question { ResultSet ask(DatabaseMetaData of) throws SQLException; }

  private static Map<String, Question> questions() {
    Map<String, Question> all = new LinkedHashMap<>();
    all.put("getTables", m -> m.getTables(null, "jdbc", "%", null));
    all.put("getTables by type", m -> m.getTables(null, "jdbc", null, new String[] {"TABLE", "VIEW", "SEQUENCE"}));
    all.put("getTables of the system", m -> m.getTables(null, "pg_catalog", "pg\\_c%", new String[] {"SYSTEM TABLE", "SYSTEM VIEW"}));
    all.put("getColumns", m -> m.getColumns(null, "jdbc", "%", "%"));
    all.put("getColumns of one", m -> m.getColumns(null, null, "parent", "n%"));
    all.put("getPrimaryKeys", m -> m.getPrimaryKeys(null, "jdbc", "child"));
    all.put("getImportedKeys", m -> m.getImportedKeys(null, "jdbc", "child"));
    all.put("getImportedKeys of two columns", m -> m.getImportedKeys(null, "jdbc", "other"));
    all.put("getExportedKeys", m -> m.getExportedKeys(null, "jdbc", "parent"));
    all.put("getCrossReference", m -> m.getCrossReference(null, "jdbc", "parent", null, "jdbc", "child"));
    all.put("getIndexInfo", m -> m.getIndexInfo(null, "jdbc", "child", false, true));
    all.put("getIndexInfo, unique", m -> m.getIndexInfo(null, "jdbc", "parent", true, true));
    all.put("getBestRowIdentifier", m -> m.getBestRowIdentifier(null, "jdbc", "child", DatabaseMetaData.bestRowSession, true));
    all.put("getVersionColumns", m -> m.getVersionColumns(null, "jdbc", "child"));
    all.put("getSchemas", m -> m.getSchemas(null, "%"));
    all.put("getCatalogs", DatabaseMetaData::getCatalogs);
    all.put("getTableTypes", DatabaseMetaData::getTableTypes);
    all.put("getTypeInfo", DatabaseMetaData::getTypeInfo);
    all.put("getUDTs", m -> m.getUDTs(null, "jdbc", "%", null));
    all.put("getTablePrivileges", m -> m.getTablePrivileges(null, "jdbc", "child"));
    all.put("getColumnPrivileges", m -> m.getColumnPrivileges(null, "jdbc", "child", "%"));
    all.put("getProcedures", m -> m.getProcedures(null, "jdbc", "%"));
    all.put("getFunctions", m -> m.getFunctions(null, "pg_catalog", "lower%"));
    all.put("getFunctionColumns", m -> m.getFunctionColumns(null, "pg_catalog", "lower%", "%"));
    all.put("getSQLKeywords", m -> m.getConnection().createStatement().executeQuery("SELECT '" + m.getSQLKeywords() + "'"));
    all.put("getClientInfoProperties", DatabaseMetaData::getClientInfoProperties);
    return all;
  }

  private static void with_schema(Target target, Act act) throws Exception {
    try (Connection connection = target.open()) {
      connection.setAutoCommit(false);
      Target.run(connection, SCHEMA);
      act.on(connection);
      connection.rollback();
    }
  }

  private interface Act { void on(Connection connection) throws Exception; }

  // told: the answer to one question, a column a line; databases have other names on other targets.
  private static List<String> told(Target target, Connection connection, Question question, boolean ordered) throws SQLException {
    try (ResultSet result = question.ask(connection.getMetaData())) {
      ResultSetMetaData columns = result.getMetaData();
      StringBuilder names = new StringBuilder();
      for (int i = 1; i <= columns.getColumnCount(); ++i) names.append(columns.getColumnName(i)).append(':').append(columns.getColumnTypeName(i)).append(' ');
      List<String> rows = Target.rows(result);
      rows.replaceAll(row -> ("|" + row + "|").replace("|" + target.database() + "|", "|DATABASE|"));
      if (ordered) rows.sort(null);
      rows.add(0, names.toString());
      return rows;
    }
  }

  static void checks(Target target) {
    target.check("metadata of a query's result and of its parameters", () -> with_schema(target, connection -> {
      try (PreparedStatement prepared = connection.prepareStatement("SELECT id, name AS called, price, made, flags, price * 2, note FROM jdbc.parent WHERE id = ? AND name LIKE ?")) {
        ResultSetMetaData columns = prepared.getMetaData();
        StringBuilder all = new StringBuilder();
        for (int i = 1; i <= columns.getColumnCount(); ++i)
          all.append(columns.getColumnLabel(i)).append(' ').append(columns.getColumnTypeName(i)).append(' ').append(columns.getPrecision(i)).append(' ').append(columns.getScale(i)).append(' ')
              .append(columns.isNullable(i)).append(' ').append(columns.isAutoIncrement(i)).append(' ').append(columns.getTableName(i)).append(' ').append(columns.getColumnClassName(i)).append('\n');
        Tap.equal("id serial 10 0 0 true parent java.lang.Integer\ncalled varchar 20 0 0 false parent java.lang.String\nprice numeric 10 2 1 false parent java.math.BigDecimal\n"
            + "made timestamptz 32 3 1 false parent java.sql.Timestamp\nflags bit 4 0 1 false parent java.lang.Boolean\n?column? numeric 0 0 2 false  java.math.BigDecimal\nnote text 2147483647 0 1 false parent java.lang.String\n", all);
        ParameterMetaData parameters = prepared.getParameterMetaData();
        Tap.equal("2 int4 text", parameters.getParameterCount() + " " + parameters.getParameterTypeName(1) + " " + parameters.getParameterTypeName(2));
      }
    }));
  }

  // same: every question is answered alike by two targets.
  static void same(Target one, Target other) {
    questions().forEach((name, question) -> {
        boolean ordered = name.equals("getTypeInfo");  // which the driver does not order
        Tap.check(one.name() + " answers " + name + " as " + other.name() + " does", () ->
            with_schema(one, left -> with_schema(other, right -> {
              List<String> expected = told(other, right, question, ordered), actual = told(one, left, question, ordered);
              if (expected.equals(actual)) return;
              StringBuilder differences = new StringBuilder("differs");
              for (String row : expected) if (!actual.contains(row)) differences.append("\n- ").append(row);
              for (String row : actual) if (!expected.contains(row)) differences.append("\n+ ").append(row);
              throw new AssertionError(differences);
            })));
    });
  }
}
