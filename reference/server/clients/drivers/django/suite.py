"""Django: migrations of its contributed applications, inspectdb, the ORM."""

import datetime
import decimal
import io
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import CA, DATABASE, HOST, PORT, USERS, check, equal, run  # noqa: E402
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # as tap.py calls checks from a loop
import django  # noqa: E402
from django.conf import settings  # noqa: E402


def database(user="trust", **options):
    return {"ENGINE": "django.db.backends.postgresql", "NAME": DATABASE, "USER": user, "PASSWORD": USERS[user], "HOST": HOST, "PORT": PORT, "OPTIONS": {"sslmode": "disable", **options}}


settings.configure(
    DATABASES={"default": database(), **{user: database(user, sslmode="verify-full", sslrootcert=CA) for user in USERS}}, USE_TZ=True, SECRET_KEY="for the tests",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "django.contrib.admin", "django.contrib.messages", "django.contrib.sites", "django.contrib.postgres"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": {"context_processors": [
        "django.template.context_processors.request", "django.contrib.auth.context_processors.auth", "django.contrib.messages.context_processors.messages"]}}],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware", "django.contrib.messages.middleware.MessageMiddleware"])
django.setup()
from django.contrib.auth.models import Group, Permission, User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import IntegrityError, connection, connections, models, transaction  # noqa: E402


def command(*arguments, **options):
    told = io.StringIO()
    call_command(*arguments, stdout=told, **options)
    return told.getvalue()


@check("logs in in every way, encrypted")
def _():
    for user in USERS:
        with connections[user].cursor() as cursor:
            cursor.execute("SELECT current_user")
            equal((user,), cursor.fetchone())
        connections[user].close()


@check("migrate: the contributed applications' tables")
def _():
    told = command("migrate", verbosity=1)
    equal(True, "Applying admin.0001_initial... OK" in told and "Applying auth.0012" in told)
    equal("  No migrations to apply.", [line for line in command("migrate", verbosity=1).splitlines() if "No migrations" in line][0])


@check("introspection: tables, columns, keys, sequences")
def _():
    introspection = connection.introspection
    with connection.cursor() as cursor:
        names = sorted(table.name for table in introspection.get_table_list(cursor))
        equal(True, {"auth_user", "django_migrations", "django_session"} <= set(names))
        columns = introspection.get_table_description(cursor, "auth_user")
        equal(["id", "password", "last_login", "is_superuser", "username"], [column.name for column in columns[:5]])
        constraints = introspection.get_constraints(cursor, "auth_user_groups")
        equal([("auth_group", "id"), ("auth_user", "id")], sorted(one["foreign_key"] for one in constraints.values() if one["foreign_key"]))
        equal([["id"]], [one["columns"] for one in constraints.values() if one["primary_key"]])
        equal(True, ["user_id", "group_id"] in [one["columns"] for one in constraints.values() if one["unique"]])
        equal(["id"], [one["column"] for one in introspection.get_sequences(cursor, "auth_user")])
        equal({"user_id": ("id", "auth_user"), "group_id": ("id", "auth_group")}, introspection.get_relations(cursor, "auth_user_groups"))


@check("inspectdb writes models of all tables")
def _():
    told = command("inspectdb")
    for part in ("class AuthUser(models.Model):", "username = models.CharField(unique=True, max_length=150)", "user = models.ForeignKey(AuthUser, models.DO_NOTHING)", "unique_together = (('user', 'group'),)"):
        if part not in told:
            raise AssertionError(f"no {part!r} in:\n{told}")


@check("the ORM: objects, relations, aggregates, transactions")
def _():
    with transaction.atomic():
        groups = Group.objects.bulk_create(Group(name=f"group {i}") for i in range(3))
        users = User.objects.bulk_create(User(username=f"user{i}", email=f"u{i}@example.org") for i in range(20))
        for i, user in enumerate(users):
            user.groups.add(groups[i % 3])
    equal([("group 0", 7), ("group 1", 7), ("group 2", 6)], list(Group.objects.annotate(n=models.Count("user")).order_by("name").values_list("name", "n")))
    equal(["user1", "user10"], list(User.objects.filter(username__iregex=r"^USER10?$").order_by("username").values_list("username", flat=True)))
    try:
        with transaction.atomic():
            User.objects.create(username="user1")
        raise AssertionError("no error")
    except IntegrityError as error:
        equal("23505", error.__cause__.sqlstate)
    user, made = User.objects.update_or_create(username="user1", defaults={"first_name": "é"})
    equal(("é", False), (user.first_name, made))
    equal(20, sum(1 for _ in User.objects.order_by("pk").iterator(chunk_size=7)))
    with transaction.atomic():
        equal(2, len(User.objects.select_for_update(skip_locked=True).filter(username__in=["user1", "user2"])))
    equal(True, Permission.objects.filter(content_type__app_label="auth", codename__startswith="add_").exists())
    equal({"auth.User_groups": 20, "auth.User": 20}, User.objects.all().delete()[1])


@check("a model of every kind of field, made, changed and dropped by the schema editor")
def _():
    class Everything(models.Model):
        name = models.CharField(max_length=20, db_index=True)
        price = models.DecimalField(max_digits=10, decimal_places=2, default=decimal.Decimal("1.50"))
        made = models.DateTimeField()
        day = models.DateField(null=True)
        span = models.DurationField(default=datetime.timedelta(days=1, seconds=2))
        body = models.JSONField(default=dict)
        raw = models.BinaryField(default=b"\x00")
        key = models.UUIDField(null=True)
        address = models.GenericIPAddressField(null=True)
        flag = models.BooleanField(default=True)
        ratio = models.FloatField(default=0.5)
        small = models.PositiveSmallIntegerField(default=3)

        class Meta:
            app_label = "made_here"
            constraints = [models.CheckConstraint(condition=models.Q(price__gt=0), name="price_is_positive"), models.UniqueConstraint(fields=["name", "day"], name="name_and_day")]
            indexes = [models.Index(fields=["-made", "name"], name="latest")]

    with connection.schema_editor() as editor:
        editor.create_model(Everything)
    when = datetime.datetime(2024, 2, 29, 12, 34, 56, 789, tzinfo=datetime.timezone.utc)
    Everything.objects.create(name="one", made=when, body={"a": [1, {"b": None}]}, address="10.0.0.1")
    one = Everything.objects.get(body__a__0=1)
    equal((decimal.Decimal("1.50"), when, datetime.timedelta(days=1, seconds=2), b"\x00", "10.0.0.1"), (one.price, one.made, one.span, bytes(one.raw), one.address))
    equal([(2024, 2)], list(Everything.objects.values_list("made__year", "made__month")))
    equal([datetime.date(2024, 2, 1)], [value.date() for value in Everything.objects.datetimes("made", "month")])
    with connection.schema_editor() as editor:
        added = models.CharField(max_length=5, default="x")
        added.set_attributes_from_name("added")
        editor.add_field(Everything, added)
    with connection.schema_editor() as editor:
        longer = models.CharField(max_length=50, default="x")
        longer.set_attributes_from_name("added")
        editor.alter_field(Everything, added, longer)
    with connection.schema_editor() as editor:
        editor.remove_field(Everything, longer)
        editor.delete_model(Everything)


@check("flush and migrate to nothing")
def _():
    command("flush", interactive=False, verbosity=0)
    equal(0, User.objects.count())
    command("migrate", "admin", "zero", verbosity=0)


run()
