package suite

import (
	"os"
	"testing"
)

// users and the server: see targets.py and run.py.
var users = map[string]string{"trust": "", "cleartext": "open-sesame", "md5": "salted-once", "scram": "pencil"}

var host, port, database, ca = os.Getenv("PGHOST"), os.Getenv("PGPORT"), os.Getenv("PGDATABASE"), os.Getenv("SERVER_CA")

func init() {
	for _, name := range []string{"PGHOST", "PGPORT", "PGDATABASE"} {
		os.Unsetenv(name)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t *testing.T, expected, actual T) {
	t.Helper()
	if expected != actual {
		t.Fatalf("expected %v, got %v", expected, actual)
	}
}
