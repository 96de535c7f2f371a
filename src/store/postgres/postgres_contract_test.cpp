#include "store/contract/store_contract.hpp"
#include "store/postgres/postgres_store.hpp"
#include "store/postgres/testing_cluster.hpp"

namespace kanal::store::contract {
namespace {

class PostgresHarness final : public StoreHarness {
 public:
  std::unique_ptr<ports::Store> open(ports::BlobStore& blobs, Clock& clock, Log& log) override {
    auto store = postgres::open_postgres_store({cluster_.settings(database_), 8}, blobs, clock, log);
    EXPECT_TRUE(store) << store.error().text();
    return store ? std::move(*store) : nullptr;
  }
  /// The files of this database.
  std::string everything_stored() override {
    cluster_.script(database_, "CHECKPOINT");
    const auto number =
        cluster_.value(database_, "SELECT oid::text FROM pg_database WHERE datname = current_database()");
    std::string all;
    for (const auto& entry : std::filesystem::directory_iterator(cluster_.data() / "base" / number)) {
      all += testing::read_file(entry.path());
    }
    return all;
  }

 private:
  postgres::TestCluster& cluster_ = postgres::TestCluster::get();
  std::string database_ = cluster_.new_database();
};

INSTANTIATE_TEST_SUITE_P(Postgres, StoreContract,
                         ::testing::Values(StoreFactory{"postgres",
                                                        [] { return std::make_unique<PostgresHarness>(); }}),
                         store_name);

}  // namespace
}  // namespace kanal::store::contract
