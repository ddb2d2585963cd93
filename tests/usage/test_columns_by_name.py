"""Columns in code that is no SQL: what the frameworks write is found, what only has the same name is not."""

from __future__ import annotations

import pytest

from tests.usage.looking import lines, places

NAME = "ALTER TABLE users DROP COLUMN name"
FULL_NAME = "ALTER TABLE users DROP COLUMN full_name"
STATUS = "ALTER TABLE order_items DROP COLUMN status"
PRICE = "ALTER TABLE order_items RENAME COLUMN unit_price TO price"

# what is dropped, a file, its text: the lines that count are marked with <
CASES = {
    "Django": (NAME, "models_py", """
        class User(models.Model):
            name = models.TextField()  #<
            org = models.ForeignKey(Org, related_name="users")

            def __str__(self):
                name = "anonymous"
                return self.name or name  #<

        class Org(models.Model):
            name = models.TextField()

            def __str__(self):
                return self.name
        """),
    "Django's queries": (NAME, "views_py", """
        def search(request, name):
            users = User.objects.filter(name__icontains=name)  #<
            users = User.objects.filter(
                org__name=name,
            ).order_by("-created_at").values_list("id", "name")  #<
            owners = Org.objects.filter(user__name=name, name="x")  #<
            return [dict(name=org.name) for org in Org.objects.all()]
        """),
    "Django's table names": ("ALTER TABLE shop_order DROP COLUMN status", "shop__models_py", """
        class Order(models.Model):
            status = models.TextField()  #<

        class Invoice(models.Model):
            status = models.TextField()
        """),
    "SQLAlchemy": (NAME, "models_py", """
        class Org(Base):
            __tablename__ = "orgs"
            name: Mapped[str] = mapped_column()

        class User(Base):
            __tablename__ = "users"
            name: Mapped[str] = mapped_column()  #<

        rows = session.scalars(select(User).where(User.name == "x"))  #<
        more = session.scalars(select(Org).where(Org.name == "x"))
        """),
    "SQLAlchemy's core": (NAME, "tables_py", """
        users = Table("users", metadata,
            Column("id", Integer),
            Column("name", String))  #<
        orgs = Table("orgs", metadata,
            Column("name", String))
        query = select(users.c.name, orgs.c.name)  #<
        stop = orgs.c.name
        """),
    "SQLModel": (STATUS, "models_py", """
        class OrderItem(SQLModel, table=True):
            status: str  #<
        class Job(SQLModel, table=True):
            status: str
        """),
    "Prisma's schema": (STATUS, "schema_prisma", """
        model OrderItem {
          id     BigInt @id
          status String? //<
        }
        model Job {
          status String
        }
        """),
    "Prisma's client": (STATUS, "api_ts", """
        const items = await prisma.orderItem.findMany({
          where: { status: "open" }, //<
          select: { id: true },
        });
        const jobs = await prisma.job.findMany({ where: { status: "open" } });
        const status = items.length;
        await prisma.orderItem.update({ data: { id, status } }); //<
        """),
    "ActiveRecord": (NAME, "user_rb", """
        class User < ApplicationRecord
          validates :name, presence: true #<
          scope :named, ->(x) { where(name: x) }
          def to_s = self.name #<
        end
        class Org < ApplicationRecord
          validates :name, presence: true
        end
        User.where(name: "x").pluck(:id) #<
        Org.where(name: "x").pluck(:name)
        @user.name #<
        @org.name
        """),
    "TypeORM": (NAME, "user_ts", """
        @Entity("users")
        export class Person {
          @Column()
          name: string; //<
        }
        @Entity("orgs")
        export class Org {
          @Column()
          name: string;
        }
        function greet(p: Person, name: string) { return repo(Person).find({ where: { name } }); } //<
        """),
    "Drizzle": (NAME, "schema_ts", """
        export const people = pgTable("users", {
          name: text("name"), //<
        });
        export const orgs = pgTable("orgs", {
          name: text("name"),
        });
        db.select().from(people).where(eq(people.name, "x")); //<
        """),
    "Go": (NAME, "models_go", """
        type User struct {
            ID   int64  `db:"id"`
            Name string `db:"name"` //<
        }
        type Org struct {
            Name string `db:"name"`
        }
        func (u *User) Greet(o Org) string { return o.Name }
        func greet(user User, org Org) string { return user.Name + org.Name } //<
        """),
    "GORM": (NAME, "models_go", """
        type Customer struct {
            Name string //<
        }
        type Org struct {
            Name string
        }
        func (Customer) TableName() string {
            return "users"
        }
        """),
    "JPA": (PRICE, "OrderItem_java", """
        @Entity
        public class OrderItem {
            @Column(name = "unit_price") //<
            private BigDecimal unitPrice; //<
            public BigDecimal getUnitPrice() { return unitPrice; } //<
        }
        """),
    "Kotlin": (STATUS, "OrderItem_kt", """
        @Entity
        data class OrderItem(
            val id: Long,
            val status: String, //<
        )
        data class Job(val status: String)
        """),
    "a query builder": (NAME, "db_js", """
        knex("users").where({ name: "x" }).select("id"); //<
        knex("orgs").where({ name: "x" }).select("name");
        """),
    "Elixir": (NAME, "user_ex", """
        defmodule Shop.User do
          schema "users" do
            field :name, :string #<
          end
        end
        """),
    "one of two words, anywhere in the file": (FULL_NAME, "views_py", """
        from shop.models import User
        def show(row):
            return row.full_name  #<
        """),
    "comments and docstrings": (FULL_NAME, "views_py", '''
        """User.full_name is gone."""
        # user.full_name
        def show(user):
            """
            user.full_name
            """
            return user.id
        '''),
    "comments of other languages": (FULL_NAME, "views_ts", """
        // user.full_name
        /* user.fullName
           user.fullName */
        const user = "it's // no comment"; show(user.fullName); //<
        """),
    "part of a longer word": (FULL_NAME, "views_py", """
        user.full_name_changed()
        user.old_full_name
        """),
}  # fmt: skip


@pytest.mark.parametrize(("drop", "file", "text"), CASES.values(), ids=CASES)
def test_the_marked_lines_are_found_and_no_others(drop: str, file: str, text: str) -> None:
    schema = {"schema": "CREATE TABLE shop_order (id int, status text)"} if "shop_order" in drop else {}

    marked = [number for number, line in enumerate(text.strip("\n").splitlines(), 1) if line.endswith(("#<", "//<"))]

    assert lines(drop, **schema, **{file: text.replace("#<", "").replace("//<", "")}) == marked


def test_a_name_that_other_tables_have_is_a_common_one() -> None:
    code = "user = 1\nrow.created_at\nuser.created_at\n"

    assert lines("ALTER TABLE users DROP COLUMN created_at", views_py=code) == [3]


def test_a_file_that_names_neither_table_nor_model_says_nothing() -> None:
    assert places(FULL_NAME, views_py="row.full_name") == []
    assert places(FULL_NAME, views_py="superusers.full_name") == []


def test_a_class_that_one_file_maps_to_the_table_is_its_model_in_the_others() -> None:
    model = 'class Customer(Base):\n    __tablename__ = "users"\n    title = Column("name")\n'

    assert places(NAME, a_py="print(Customer.name)", b_py=model, c_py="print(Supplier.name)") == ["a.py:1", "b.py:3"]
