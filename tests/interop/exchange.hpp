// What the tests of this folder share: two organisations with keystores that both sides use, documents, and our side of
// an exchange through the product's own package writer and reader.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/testing.hpp"
#include "crypto/digest.hpp"
#include "crypto/issue.hpp"
#include "crypto/keystore.hpp"
#include "domain/sbd.hpp"
#include "store/spool/spool.hpp"
#include "tests/interop/java_peer.hpp"
#include "transports/dpo/package.hpp"

namespace kanal::interop {

using kanal::testing::read_file;
namespace dpo = transports::dpo;

inline const Time noon = Time(*parse_date("2026-09-01")) + std::chrono::hours(12);

/// An organisation, with its keystore in a file for Java.
struct Organisation {
  std::string orgnr;
  crypto::Identity identity;
  std::filesystem::path keystore;     ///< PKCS#12
  std::filesystem::path certificate;  ///< DER

  [[nodiscard]] std::string party() const { return "0192:" + orgnr; }
  /// So that Java acts for this organisation.
  void act(Arguments& arguments) const {
    arguments.insert(arguments.end(), {{"keystore", keystore.string()}, {"alias", "own"}, {"password", "hemmelig"}});
  }
};

/// Made once: RSA keys cost more than most tests.
struct Organisations {
  kanal::testing::TemporaryFolder folder{};
  crypto::Identity authority =
      crypto::make_ca("Kanal Test CA", noon - std::chrono::days(1), noon + std::chrono::days(1));
  crypto::Identity foreign = crypto::make_ca("Another CA", noon - std::chrono::days(1), noon + std::chrono::days(1));
  Organisation agency = make("310700002", authority, "agency");
  Organisation municipality = make("310701378", authority, "municipality");
  /// Calls itself the agency, but nobody trusted says so.
  Organisation impostor = make("310700002", foreign, "impostor");

  static const Organisations& instance() {
    static const Organisations all;
    return all;
  }

 private:
  [[nodiscard]] Organisation make(const std::string& orgnr, const crypto::Identity& issuer,
                                  const std::string& name) const {
    const auto identity = crypto::issue(
        issuer,
        {"Ærlig " + name, "TESTETATEN ÆØÅ", orgnr, {}, noon - std::chrono::days(1), noon + std::chrono::days(1)});
    const Bytes keystore = crypto::write_pkcs12(identity, "own", Secret("hemmelig"));
    return {orgnr, identity, folder.write(name + ".p12", text_of(keystore)),
            folder.write(name + ".cer", text_of(identity.certificate.der()))};
  }
};

struct Document {
  std::string name;
  std::string mimetype;
  std::string content;
};

/// Bytes that do not compress and repeat nowhere near.
inline std::string noise(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint64_t state = 88172645463325252U + size;
  for (auto& one : bytes) {
    state ^= state << 13U;
    state ^= state >> 7U;
    state ^= state << 17U;
    one = static_cast<char>(state >> 32U);
  }
  return bytes;
}

inline std::string sha256_hex(std::string_view content) { return to_hex(crypto::sha256(bytes_of(content))); }

/// Sizes at which something ends: cipher blocks, CMS segments, stream chunks and the spool's frames.
inline const std::vector<std::size_t> sizes{0,      1,      15,     16,     17,      999,     1'000,    1'001,
                                            65'534, 65'535, 65'536, 65'537, 131'072, 200'003, 5'000'000};

/// Names that have been lost, doubled or misread somewhere (asic-cms.md section 9).
inline std::vector<Document> documents_with_names() {
  return {
      {"arkivmelding.xml", "application/xml", "<arkivmelding>" + std::string(70'000, ' ') + "</arkivmelding>"},
      {"Søknad om byggetillatelse, Ærfuglveien 1 – Å.pdf", "application/pdf", noise(12'345)},
      {"blåbær & <bær> \"sitat\".txt", "text/plain", "æøåÆØÅ"},
      {"100% + %20 og %C3%A5.txt", "text/plain; charset=utf-8", ""},
      {"mappe/under mappe/kart.png", "image/png", noise(65'536)},
      {"a\xCC\x8A som to tegn.csv", "text/csv", "1;2\n"},
      {"čáhppes-girji-日本.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", noise(1)}};
}

inline domain::Sbd make_sbd(const Organisation& from, const Organisation& to) {
  const auto party = [](const Organisation& who) {
    return R"([{"identifier":{"authority":"iso6523-actorid-upis","value":")" + who.party() + R"("}}])";
  };
  const std::string text =
      R"({"standardBusinessDocumentHeader":{"headerVersion":"1.0","sender":)" + party(from) + R"(,"receiver":)" +
      party(to) + R"(,"documentIdentification":{"standard":"urn:no:difi:arkivmelding:xsd::arkivmelding",)" +
      R"("typeVersion":"2.0","instanceIdentifier":")" + new_uuid() +
      R"(","type":"arkivmelding","creationDateAndTime":"2026-09-01T12:00:00+02:00"},"businessScope":{"scope":[)" +
      R"({"type":"ConversationId","instanceIdentifier":")" + new_uuid() +
      R"(","identifier":"urn:no:difi:profile:arkivmelding:administrasjon:ver1.0","scopeInformation":[)" +
      R"({"expectedResponseDateTime":"2026-09-02T12:00:00+02:00"}]}]}},"arkivmelding":{"sikkerhetsnivaa":3,)" +
      R"("hoveddokument":"arkivmelding.xml","tittel":"Æ Ø Å – én «tittel»"}})";
  auto reading = domain::read_sbd(text);
  EXPECT_TRUE(reading) << reading.error().text();
  return reading->sbd;
}

class RecordingLog final : public Log {
 public:
  void write(LogLevel, std::string_view event, std::initializer_list<LogField>) override { events.emplace_back(event); }
  std::vector<std::string> events{};
};

/// A file, for packages larger than memory.
class FileSource final : public SeekableSource {
 public:
  explicit FileSource(const std::filesystem::path& path)
      : file_(path, std::ios::binary), size_(std::filesystem::file_size(path)) {}
  Result<std::size_t> read(std::span<std::byte> into) override {
    file_.read(reinterpret_cast<char*>(into.data()), static_cast<std::streamsize>(into.size()));
    const auto count = static_cast<std::size_t>(file_.gcount());
    file_.clear();
    return count;
  }
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  Result<void> seek(std::uint64_t offset) override {
    file_.seekg(static_cast<std::streamoff>(offset));
    return {};
  }

 private:
  std::ifstream file_;
  std::uint64_t size_;
};

class FileSink final : public Sink {
 public:
  explicit FileSink(const std::filesystem::path& path) : file_(path, std::ios::binary) {}
  Result<void> write(ByteView bytes) override {
    file_.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!file_) return retry("test.disk", "the disk is full");
    return {};
  }
  Result<void> finish() override {
    file_.close();
    return {};
  }

 private:
  std::ofstream file_;
};

/// One spool for the whole program: making its folders costs more than a test. Blobs do not meet.
struct SharedSpool {
  kanal::testing::TemporaryFolder folder{};
  std::unique_ptr<store::Spool> spool = store::open_spool({folder.path() / "spool", crypto::Key256{}}).value();

  static store::Spool& instance() {
    static const SharedSpool shared;
    return *shared.spool;
  }
};

/// An installation of ours and a Java peer, both able to be either organisation.
class Exchange : public ::testing::Test {
 protected:
  Exchange() { settings_.trusted_signers = {all_.authority.certificate}; }

  static Answer ask(std::string_view command, const Arguments& arguments) {
    return JavaPeer::instance().ask(command, arguments);
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  [[nodiscard]] std::string content(const std::string& name) const { return read_file(folder_.path() / name); }

  ports::BlobRef store(Source& content) {
    auto blob = spool_.create({});
    EXPECT_TRUE(blob);
    EXPECT_TRUE(copy(content, **blob));
    EXPECT_TRUE((*blob)->finish());
    return (*blob)->ref();
  }
  ports::BlobRef store(std::string_view content) {
    MemorySource source(bytes_of(content));
    return store(source);
  }
  void save(const ports::BlobRef& blob, const std::string& name) {
    auto source = spool_.open(blob);
    ASSERT_TRUE(source) << source.error().text();
    FileSink file(path(name));
    ASSERT_TRUE(copy(**source, file));
    ASSERT_TRUE(file.finish());
  }
  [[nodiscard]] std::string load(const ports::BlobRef& blob) {
    auto source = spool_.open(blob);
    EXPECT_TRUE(source);
    const auto bytes = read_all(**source, std::uint64_t{1} << 30U);
    EXPECT_TRUE(bytes);
    return std::string(text_of(*bytes));
  }

  /// Writes a package of ours from the agency to the municipality into a file.
  void write_ours(const domain::Sbd& sbd, const std::vector<Document>& documents, const std::string& name) {
    std::vector<ports::Attachment> files;
    for (const auto& document : documents) {
      ports::Attachment file;
      file.filename = document.name;
      file.mimetype = document.mimetype;
      file.blob = store(document.content);
      files.push_back(std::move(file));
    }
    const transports::Sealing sealing{all_.agency.identity, all_.municipality.identity.certificate, noon};
    const auto package = dpo::write_package(sbd, files, sealing, spool_);
    ASSERT_TRUE(package) << package.error().text();
    save(*package, name);
  }

  /// Lets Java read a package as `receiver`; documents go to the folder `unpacked`.
  Answer java_reads(const std::string& name, const Organisation& receiver) {
    const auto unpacked = folder_.path() / "unpacked";
    std::filesystem::remove_all(unpacked);
    std::filesystem::create_directories(unpacked);
    Arguments arguments{{"in", path(name)}, {"folder", unpacked.string()}};
    receiver.act(arguments);
    return ask("read-package", arguments);
  }

  /// Lets Java, acting for `sender`, write a package for the municipality.
  Answer java_writes(const domain::Sbd& sbd, const std::vector<Document>& documents, const std::string& name,
                     const Organisation& sender, const Arguments& options = {}) {
    Arguments arguments{{"out", path(name)},
                        {"sbd", folder_.write("sbd.json", domain::write_sbd(sbd)).string()},
                        {"recipient", all_.municipality.certificate.string()}};
    sender.act(arguments);
    for (std::size_t i = 0; i < documents.size(); ++i) {
      arguments.emplace_back("document", folder_.write("in" + std::to_string(i), documents[i].content).string());
      arguments.emplace_back("name", documents[i].name);
      arguments.emplace_back("type", documents[i].mimetype);
    }
    arguments.insert(arguments.end(), options.begin(), options.end());
    return ask("write-package", arguments);
  }

  /// Our reader on a package file, as the municipality.
  Result<ports::InboundDocument> we_read(const std::string& name) {
    FileSource file(path(name));
    return dpo::read_package(store(file), {all_.municipality.identity}, settings_, clock_, log_, spool_);
  }

  const Organisations& all_ = Organisations::instance();
  const kanal::testing::TemporaryFolder folder_{};
  store::Spool& spool_ = SharedSpool::instance();
  kanal::testing::ManualClock clock_{noon};
  RecordingLog log_{};
  dpo::Settings settings_{};
};

}  // namespace kanal::interop
