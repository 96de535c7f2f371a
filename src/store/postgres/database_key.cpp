#include "store/postgres/database_key.hpp"

namespace kanal::store::postgres {
namespace {

class DatabasePlace final : public KeyPlace {
 public:
  explicit DatabasePlace(Connection& connection) : connection_(connection) {}

  Result<std::optional<Bytes>> read() override {
    auto row = connection_.query("SELECT wrapped FROM installation_key");
    auto there = row.step();
    if (!there) return failed(there);
    return *there ? std::optional(copy_of(row.bytes(0))) : std::nullopt;
  }
  Result<bool> put_first(ByteView wrapped) override {
    auto put =
        connection_.run("INSERT INTO installation_key (id, wrapped) VALUES (1, ?) ON CONFLICT DO NOTHING", wrapped);
    if (!put) return failed(put);
    return connection_.changes() > 0;
  }
  Result<void> replace(ByteView wrapped) override {
    return connection_.run("UPDATE installation_key SET wrapped = ?", wrapped);
  }
  Result<bool> is_needed() override {
    auto row = connection_.query(
        "SELECT EXISTS (SELECT 1 FROM message) OR EXISTS (SELECT 1 FROM job) OR EXISTS (SELECT 1 FROM blob) OR EXISTS "
        "(SELECT 1 FROM message_status WHERE sealed_raw_receipt IS NOT NULL)");
    auto there = row.step();
    if (!there) return failed(there);
    return row.boolean(0);
  }
  [[nodiscard]] std::string name() const override { return "the database's table installation_key"; }

 private:
  Connection& connection_;
};

}  // namespace

std::unique_ptr<KeyPlace> key_in_database(Connection& connection) {
  return std::make_unique<DatabasePlace>(connection);
}

}  // namespace kanal::store::postgres
