// The reader of a queue against a real RabbitMQ: what it holds, what it acknowledges, and what comes again.
#include "transports/dpfio/queue_reader.hpp"

#include <gmock/gmock.h>

#include "sim/fiks_io_state.hpp"
#include "sim/sim_testing.hpp"

namespace kanal::transports::dpfio {
namespace {

using namespace std::chrono;
using sim::testing::Keys;
using sim::testing::municipality;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr seconds patience{30};

class QueueReaderTest : public sim::testing::Bench {
 protected:
  QueueReaderTest() : Bench(true) {
    sim::FiksIoAccount there;
    there.konto_id = account_.konto_id = "4be7d7d4-2ad1-4a6f-8b72-3f5a65f3d002";
    there.navn = "Bergvik kommune";
    there.orgnr = municipality;
    there.certificate = Keys::get().municipality_identity.certificate;
    EXPECT_TRUE(fiks_io().add_account(there));
    account_.integrasjons_id = new_uuid();
    account_.integrasjons_passord = Secret("hemmelig");
    fiks_io().add_integration({account_.integrasjons_id, Secret("hemmelig"), municipality, {account_.konto_id}});
    settings_.amqp_host = fiks_io().amqp_host();
    settings_.amqp_port = fiks_io().amqp_port();
    settings_.ca_pem = Keys::get().ca.certificate.pem();
    client_.token_url = national_.token_url();
    client_.audience = national_.audience();
    client_.client_id = "MOVE_IP_" + std::string(municipality);
    client_.credential = lookup::CertificateCredential{Keys::get().municipality_identity};
  }
  sim::FiksIo& fiks_io() { return national_.fiks_io(); }
  std::string arrives(int times = 1, std::size_t size = 100) {
    sim::FiksIoDelivery delivery;
    delivery.to = account_.konto_id;
    delivery.from = new_uuid();
    delivery.type = "no.example.v1";
    delivery.body = Bytes(size, std::byte{7});
    delivery.times = times;
    const auto id = fiks_io().deliver(delivery);
    EXPECT_TRUE(id) << id.error().text();
    return id.value_or("");
  }
  /// What is held, when it is so many.
  static std::vector<std::string> held(QueueReader& reader, std::size_t count) {
    const auto until = steady_clock::now() + patience;
    std::vector<std::string> ids;
    while (ids.size() < count && steady_clock::now() < until) {
      ids = reader.waiting(milliseconds(100), {}).value_or(std::vector<std::string>{});
    }
    return ids;
  }
  /// So many lie in the queue and are with no reader.
  bool wait_for_ready(std::size_t count) {
    const auto until = steady_clock::now() + patience;
    for (;;) {
      const auto there = fiks_io().count(account_.konto_id);
      if (there && there->messages == count) return true;
      if (steady_clock::now() > until) return false;
      std::this_thread::sleep_for(milliseconds(20));
    }
  }

  Account account_;
  Settings settings_;
  lookup::TokenClient client_;
  SilentLog log_;
};

TEST_F(QueueReaderTest, HoldsWhatCameUntilItIsAcknowledged) {
  lookup::TokenSource tokens(client_, http_, clock_, log_);
  auto reader = std::make_unique<QueueReader>(settings_, account_, tokens, clock_, log_);
  const auto small = arrives();
  const auto large = arrives(1, 1'000'000);
  ASSERT_THAT(held(*reader, 2), ElementsAre(small, large)) << reader->problem();
  for (const auto& [id, size] : {std::pair(small, 100U), std::pair(large, 1'000'000U)}) {
    const auto message = reader->find(id);
    ASSERT_TRUE(message);
    MemorySink content(2'000'000);
    ASSERT_TRUE((*message)->body.copy_to(content));
    EXPECT_EQ(content.bytes(), Bytes(size, std::byte{7}));
  }
  EXPECT_EQ(*reader->acknowledge(small), true);
  EXPECT_EQ(*reader->acknowledge(small), false) << "it is held no more";
  EXPECT_THAT(held(*reader, 1), ElementsAre(large));
  reader.reset();
  EXPECT_TRUE(wait_for_ready(1)) << "the other one goes back";
}

TEST_F(QueueReaderTest, TheVerySameMessageOnceMoreIsAcknowledgedWithTheFirst) {
  lookup::TokenSource tokens(client_, http_, clock_, log_);
  auto reader = std::make_unique<QueueReader>(settings_, account_, tokens, clock_, log_);
  const auto id = arrives(3);
  const auto next = arrives();
  ASSERT_THAT(held(*reader, 2), ElementsAre(id, next));
  EXPECT_EQ(*reader->acknowledge(id), true);
  EXPECT_THAT(held(*reader, 1), ElementsAre(next));
  EXPECT_EQ(*reader->acknowledge(next), true);
  reader.reset();
  ASSERT_TRUE(wait_for_ready(0));
  QueueReader again(settings_, account_, tokens, clock_, log_);
  EXPECT_THAT(again.waiting(std::chrono::seconds(2), {}).value_or(std::vector<std::string>{"failed"}), IsEmpty());
}

TEST_F(QueueReaderTest, NoMoreThanThePrefetchIsHeld) {
  settings_.prefetch = 2;
  lookup::TokenSource tokens(client_, http_, clock_, log_);
  QueueReader reader(settings_, account_, tokens, clock_, log_);
  for (int i = 0; i < 5; ++i) arrives();
  const auto first = held(reader, 2);
  ASSERT_THAT(first, SizeIs(2));
  EXPECT_TRUE(wait_for_ready(3));
  for (const auto& id : first) EXPECT_EQ(*reader.acknowledge(id), true);
  EXPECT_THAT(held(reader, 2), SizeIs(2));
}

}  // namespace
}  // namespace kanal::transports::dpfio
