// The API over real HTTP with a real store and spool; registry, certificate, message service and clock do what the test
// says. Never included by product code.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "api/api.hpp"
#include "api/testing_openapi.hpp"
#include "base/testing.hpp"
#include "formats/arkivmelding.hpp"
#include "net/http_client.hpp"
#include "store/spool/spool.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace kanal::api::testing {

namespace json = boost::json;
using kanal::testing::ManualClock;
using kanal::testing::TemporaryFolder;

inline const std::string own = "987464291";
inline const std::string other = "910076787";
inline const std::string process = "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0";
inline const std::string arkivmelding_standard = "urn:no:difi:arkivmelding:xsd::arkivmelding";
inline const std::string message_1 = "0c0b0f0e-6f5d-4a55-9d8f-27f6f9a6a001";
inline const std::string message_2 = "0c0b0f0e-6f5d-4a55-9d8f-27f6f9a6a002";
inline const std::string message_3 = "0c0b0f0e-6f5d-4a55-9d8f-27f6f9a6a003";
inline const std::string conversation_1 = "5f4b8d0e-1df9-4e53-9d7c-bb3b60c8a111";
inline const std::string own_exceptions = "no.difi.meldingsutveksling.exceptions.";
/// The stage's clock when nobody has moved it, as the API writes it.
inline const std::string start_time = "2026-09-01T10:00:00+02:00";

/// Places inside the document that sbd() makes.
namespace at {
inline const std::string header = "/standardBusinessDocumentHeader";
inline const std::string document = header + "/documentIdentification";
inline const std::string scope = header + "/businessScope/scope/0";
inline const std::string ttl = scope + "/scopeInformation/0/expectedResponseDateTime";
}  // namespace at

/// An arkivmelding from `own` to `other`; the test changes what it is about.
inline json::value sbd(const std::string& id = message_1, const std::string& type = "arkivmelding") {
  const json::value participant = {{"identifier", {{"authority", "iso6523-actorid-upis"}, {"value", "0192:" + own}}}};
  json::value receiver = participant;
  receiver.at_pointer("/identifier/value") = "0192:" + other;
  const json::value document = {{"standard", "urn:no:difi:arkivmelding:xsd::" + type},
                                {"typeVersion", "2.0"},
                                {"instanceIdentifier", id},
                                {"type", type},
                                {"creationDateAndTime", "2026-09-01T09:15:00+02:00"}};
  const json::value scope = {
      {"type", "ConversationId"},
      {"instanceIdentifier", conversation_1},
      {"identifier", process},
      {"scopeInformation", json::array{json::object{{"expectedResponseDateTime", "2026-09-02T09:15:00+02:00"}}}}};
  json::object header;
  header["headerVersion"] = "1.0";
  header["sender"] = json::array{participant};
  header["receiver"] = json::array{receiver};
  header["documentIdentification"] = document;
  header["businessScope"] = json::object{{"scope", json::array{scope}}};
  json::object out;
  out["standardBusinessDocumentHeader"] = std::move(header);
  out[type] = json::object{{"hoveddokument", "vedtak.pdf"}, {"sikkerhetsnivaa", 3}};
  return out;
}

/// The same with one value replaced; the member must exist.
inline json::value with(json::value document, const std::string& place, json::value value) {
  document.at_pointer(place) = std::move(value);
  return document;
}
inline json::value with(json::value document, const std::string& place, const std::string& text) {
  return with(std::move(document), place, json::value(text));
}
inline json::value with(json::value document, const std::string& place, const char* text) {
  return with(std::move(document), place, json::value(text));
}

/// The same with one member left out.
inline json::value without(json::value document, const std::string& parent, std::string_view member) {
  auto& object = parent.empty() ? document.as_object() : document.at_pointer(parent).as_object();
  EXPECT_EQ(object.erase(member), 1U) << member;
  return document;
}

/// An arkivmelding.xml that refers to `files`.
inline std::string arkivmelding_xml(const std::vector<std::string>& files) {
  std::string descriptions;
  for (const auto& file : files) {
    descriptions += "<dokumentbeskrivelse><dokumentobjekt><referanseDokumentfil>" + file +
                    "</referanseDokumentfil></dokumentobjekt></dokumentbeskrivelse>";
  }
  return "<arkivmelding xmlns='http://www.arkivverket.no/standarder/noark5/arkivmelding' "
         "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><mappe xsi:type='saksmappe'><systemID>sak-7</systemID>"
         "<basisregistrering xsi:type='journalpost'>" +
         descriptions +
         "<offentligTittel>Nye "
         "lysrør</offentligTittel><journalpostnummer>12</journalpostnummer></basisregistrering></mappe>"
         "</arkivmelding>";
}

/// An answer as the client sees it.
struct Reply {
  int status = 0;
  net::Headers headers;
  std::string text;

  [[nodiscard]] std::string header(std::string_view name) const { return std::string(net::header(headers, name)); }
  /// Null when there is no body.
  [[nodiscard]] json::value body() const { return text.empty() ? json::value() : json::parse(text); }
  [[nodiscard]] json::value at(const std::string& place) const { return body().at_pointer(place); }
  [[nodiscard]] std::string text_at(const std::string& place) const { return std::string(at(place).as_string()); }
};

/// The error body that is expected, exactly.
struct ErrorBody {
  int status;
  std::string reason;
  std::string exception;
  std::string message;
  std::string path;
  std::optional<std::string> description{};
};

inline void expect_error(const Reply& reply, const ErrorBody& wanted, const std::string& time = start_time) {
  json::object expected;
  expected["timestamp"] = time;
  expected["status"] = wanted.status;
  expected["error"] = wanted.reason;
  if (!wanted.exception.empty()) expected["exception"] = wanted.exception;
  expected["message"] = wanted.message;
  if (wanted.description) expected["description"] = *wanted.description;
  expected["path"] = wanted.path;
  EXPECT_EQ(reply.status, wanted.status);
  EXPECT_EQ(reply.header("Content-Type"), "application/json");
  EXPECT_EQ(reply.body(), expected) << reply.text;
}

/// A 400 of the gateway's own.
inline ErrorBody refusal(const std::string& exception, const std::string& message, const std::string& path) {
  return {400, "Bad Request", own_exceptions + exception, message, path};
}

inline ErrorBody message_missing(const std::string& id, const std::string& path) {
  return {404, "Not Found", own_exceptions + "MessageNotFoundException",
          "Message with messageId = " + id + " was not found", path};
}

/// DPO as far as the API can see it.
class RecordingTransport final : public ports::Transport {
 public:
  RecordingTransport() {
    descriptor_.service = ServiceIdentifier("DPO");
    descriptor_.isolation = domain::Isolation::by_channel;
    descriptor_.isolation_property = "difi.move.dpo.message-channel";
    descriptor_.upload_size_limit = 1024 * 1024;
    descriptor_.upload_size_text = "1MB";
    descriptor_.default_ttl = std::chrono::hours(48);
    descriptor_.answers_with_status = true;
    descriptor_.needs_own_certificate_check = true;
  }
  [[nodiscard]] const ports::Descriptor& descriptor() const override { return descriptor_; }
  Result<void> complete(domain::Sbd& sbd, const ports::CreateContext& context) override {
    contexts.push_back(context);
    if (!channel) return {};
    if (const auto given = sbd.message_channel(); given && *given != *channel) {
      return reject("submit.message_channel", "Valid channels: " + *channel + ", but found " + *given + " in SBDH");
    }
    sbd.set_message_channel(channel);
    return {};
  }
  Result<ports::Sent> send(const ports::OutboundDocument&, ports::Dispatch&, std::stop_token) override {
    return unexpected();
  }
  Result<ports::StatusReport> status(const ports::StatusQuestion&) override { return unexpected(); }
  [[nodiscard]] std::vector<ports::Inbox> inboxes() const override { return {}; }
  Result<std::vector<ports::Listed>> list(const ports::Inbox&, std::stop_token) override { return unexpected(); }
  Result<ports::RemoteItem> describe(const ports::Inbox&, const std::string&) override { return unexpected(); }
  Result<void> fetch(const ports::RemoteItem&, Sink&, std::stop_token) override { return unexpected(); }
  Result<ports::InboundDocument> open(const ports::RemoteItem&, const ports::BlobRef&, ports::OpenContext) override {
    return unexpected();
  }
  Result<ports::Acknowledged> acknowledge(const ports::RemoteItem&) override { return unexpected(); }
  [[nodiscard]] ports::TransportHealth health() const override { return state; }

  void limit(std::uint64_t bytes) { descriptor_.upload_size_limit = bytes; }

  std::vector<ports::CreateContext> contexts;
  std::optional<std::string> channel;
  ports::TransportHealth state;

 private:
  static tl::unexpected<Error> unexpected() {
    ADD_FAILURE() << "the API must not talk to a message service";
    return bug("test.transport", "called");
  }
  ports::Descriptor descriptor_;
};

/// Answers every lookup with `records`, or with `error`.
class ScriptedDirectory final : public ports::Directory {
 public:
  ScriptedDirectory() {
    ports::ServiceRecord record;
    record.service = ServiceIdentifier("DPO");
    record.process = process;
    record.document_types = {arkivmelding_standard, "urn:no:difi:arkivmelding:xsd::arkivmelding_kvittering"};
    records = {record};
  }
  Result<std::vector<ports::ServiceRecord>> lookup(const ports::DirectoryQuery& query) override {
    asked.push_back(query);
    if (error) return tl::unexpected(*error);
    return records;
  }
  Result<ports::DirectoryEntity> entity(const std::string& identifier) override {
    ports::DirectoryQuery query;
    query.identifier = identifier;
    auto found = lookup(query);
    if (!found) return failed(found);
    return ports::DirectoryEntity{info, std::move(*found)};
  }
  Result<std::string> certificate(const Orgnr&) override { return std::string{}; }

  json::object info;
  std::vector<ports::ServiceRecord> records;
  std::optional<Error> error;
  std::vector<ports::DirectoryQuery> asked;
};

class ScriptedCertificate final : public ports::OwnCertificate {
 public:
  Result<void> check(bool against_register) override {
    checked_against_register = against_register;
    if (error) return tl::unexpected(*error);
    return {};
  }
  std::optional<Error> error;
  bool checked_against_register = false;
};

class XmlReader final : public ports::ArkivmeldingReader {
 public:
  Result<ports::ArkivmeldingFacts> read(Source& xml) override {
    auto text = read_all(xml, 1024 * 1024);
    if (!text) return failed(text);
    auto facts = formats::read_arkivmelding(*text);
    if (!facts) return failed(facts);
    return ports::ArkivmeldingFacts{facts->offentlig_tittel, facts->message_reference, facts->referenced_files};
  }
};

/// Keeps the names of the events.
class RecordingLog final : public Log {
 public:
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField>) override {
    if (level == LogLevel::debug) return;
    const std::scoped_lock lock(mutex_);
    events_.emplace_back(event);
  }
  [[nodiscard]] std::vector<std::string> events() const {
    const std::scoped_lock lock(mutex_);
    return events_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> events_;
};

/// One spool for the whole program: making its folders costs more than a test. Blobs have random names and do not meet.
/// Takes web-hook events, or refuses them all.
class RecordingSender final : public ports::WebhookSender {
 public:
  Result<void> post(const std::string& url, const std::string& body, std::stop_token) override {
    const std::scoped_lock lock(mutex);
    posts.emplace_back(url, body);
    return good ? Result<void>{} : retry("webhook.answer", "the receiver answered 500");
  }
  std::mutex mutex;
  std::vector<std::pair<std::string, std::string>> posts;
  bool good = true;
};

struct SharedSpool {
  TemporaryFolder folder;
  std::unique_ptr<store::Spool> spool = store::open_spool({folder.path() / "spool", crypto::Key256{}}).value();

  static SharedSpool& get() {
    static SharedSpool made;
    return made;
  }
  /// Blobs that lie as files.
  [[nodiscard]] std::size_t files() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path() / "spool")) {
      if (entry.is_regular_file()) ++count;
    }
    return count;
  }
};

class ApiStage : public ::testing::Test {
 protected:
  ApiStage() {
    settings.own_organisation = Orgnr(own);
    settings.status.document_type = "urn:no:difi:eformidling:xsd::status";
    settings.status.arkivmelding_process = "urn:no:difi:profile:arkivmelding:response:ver1.0";
    auto made = std::make_unique<RecordingTransport>();
    transport = made.get();
    services.add(std::move(made));
    serve({});
  }

  /// Serves anew with other settings.
  void serve(ApiSettings api) {
    server.reset();
    api.version = "1.2.3";
    management_path = api.management.base_path;
    net::ServerOptions options;
    options.workers = 4;
    server = std::make_unique<net::HttpServer>(std::move(options), make_api(parts(std::move(api))), log);
    const auto started = server->start();
    ASSERT_TRUE(started) << started.error().text();
  }

  ApiParts parts(ApiSettings api) {
    return {submit, inbox, board,          services, *database, *spool, directory,
            clock,  log,   std::move(api), webhooks, guard,     orphans};
  }

  Reply call(const std::string& method, const std::string& target, std::string body = {}, net::Headers headers = {}) {
    net::ClientRequest request;
    request.method = method;
    request.body = std::move(body);
    return run(std::move(request), target, std::move(headers));
  }
  /// The body without a Content-Length.
  Reply call_chunked(const std::string& method, const std::string& target, std::string_view body,
                     net::Headers headers) {
    MemorySource source(bytes_of(body));
    net::ClientRequest request;
    request.method = method;
    request.upload = &source;
    return run(std::move(request), target, std::move(headers));
  }

  Reply get(const std::string& target) { return call("GET", target); }
  Reply post_json(const json::value& document) {
    return call("POST", "/api/messages/out", json::serialize(document), {{"Content-Type", "application/json"}});
  }
  Reply put(const std::string& id, const std::string& disposition, std::string content,
            const std::string& type = "application/pdf") {
    return call("PUT", "/api/messages/out/" + id, std::move(content),
                {{"Content-Disposition", disposition}, {"Content-Type", type}});
  }
  Reply put_file(const std::string& id, const std::string& filename, std::string content) {
    return put(id, "attachment; name=Tittel; filename=\"" + filename + "\"", std::move(content));
  }

  void create(const std::string& id = message_1) {
    const auto created = post_json(sbd(id));
    ASSERT_EQ(created.status, 200) << created.text;
  }
  /// Created with everything it needs.
  void compose(const std::string& id = message_1) {
    create(id);
    ASSERT_EQ(put_file(id, "arkivmelding.xml", arkivmelding_xml({"vedtak.pdf"})).status, 200);
    ASSERT_EQ(put_file(id, "vedtak.pdf", "content").status, 200);
  }

  /// A message that has come in, with its conversation.
  void arrive(const std::string& id, const std::string& type = "arkivmelding",
              std::optional<std::string> package = "PK-package") {
    auto document = sbd(id, type);
    document.at_pointer(at::header + "/sender/0/identifier/value") = "0192:" + other;
    document.at_pointer(at::header + "/receiver/0/identifier/value") = "0192:" + own;
    ports::Message message;
    message.direction = ports::Direction::incoming;
    message.message_id = MessageId(id);
    message.conversation_id = ConversationId(conversation_1);
    message.service = ServiceIdentifier("DPO");
    message.process = process;
    message.sender_identifier = other;
    message.receiver_identifier = own;
    message.sbd = json::serialize(document);
    message.created = message.last_updated = clock.now();
    if (package) message.package = store_blob(*package);
    auto conversation = incoming_conversation(message, type);
    const auto stored = database->write([&](ports::Txn& txn) -> Result<void> {
      if (auto inserted = txn.insert(message); !inserted) return inserted;
      if (auto inserted = txn.insert(conversation); !inserted) return inserted;
      for (const auto status : {domain::ReceiptStatus::opprettet, domain::ReceiptStatus::innkommende_mottatt}) {
        if (auto added = txn.add_status(conversation.id, status, clock.now()); !added) return failed(added);
      }
      return {};
    });
    ASSERT_TRUE(stored) << stored.error().text();
    clock.advance(std::chrono::seconds(1));
  }

  ports::BlobRef store_blob(std::string_view content) {
    auto writer = spool->create({}).value();
    EXPECT_TRUE(writer->write(bytes_of(content)));
    EXPECT_TRUE(writer->finish());
    return writer->ref();
  }

  /// Names of a message's statuses as the API tells them.
  std::vector<std::string> statuses(const std::string& id) {
    std::vector<std::string> names;
    const auto page = get("/api/statuses/" + id).body();
    for (const auto& status : page.at("content").as_array()) names.emplace_back(status.at("status").as_string());
    return names;
  }
  std::vector<ports::Attachment> files_of(const std::string& id) {
    std::vector<ports::Attachment> files;
    look([&](ports::View& view) {
      if (const auto message = view.message(MessageId(id), ports::Direction::outgoing))
        files = view.attachments(message->id);
    });
    return files;
  }
  std::int64_t jobs(std::string_view kind) {
    std::int64_t count = 0;
    look([&](ports::View& view) { count = view.job_count(kind); });
    return count;
  }
  void look(const std::function<void(ports::View&)>& at) {
    EXPECT_TRUE(database->read([&](ports::View& view) -> Result<void> {
      at(view);
      return {};
    }));
  }

  TemporaryFolder folder;
  ManualClock clock;
  RecordingLog log;
  store::Spool* spool = SharedSpool::get().spool.get();
  std::unique_ptr<store::SqlStore> database =
      store::open_sqlite_store({folder.path() / "kanal.db"}, *spool, clock, log).value();
  ScriptedDirectory directory;
  ScriptedCertificate certificate;
  XmlReader arkivmelding;
  ports::NoCrashPoints points;
  RecordingTransport* transport = nullptr;
  flow::Services services;
  flow::Settings settings;
  flow::StatusBoard board;
  flow::Submit submit{{*database, *spool, directory, certificate, arkivmelding, points, services, settings, clock, log},
                      [] {}};
  RecordingSender sender;
  flow::Webhooks webhooks{*database, sender, points, {}, clock, log};
  flow::ChannelGuard guard{*database, clock, log};
  flow::Intake intake{guard, nullptr, settings, clock, log};
  flow::OrphanExchange orphans{*database, services, intake, clock, log};
  flow::ClientInbox inbox{*database, *spool, services, settings, points, clock, log, [] {}};
  net::HttpClient client{{}};
  std::string management_path;
  std::unique_ptr<net::HttpServer> server;

 private:
  Reply run(net::ClientRequest request, const std::string& target, net::Headers headers) {
    request.url = server->url() + target;
    request.headers = std::move(headers);
    auto answer = client.send(request);
    if (!answer) {
      ADD_FAILURE() << request.method << " " << target << ": " << answer.error().text();
      return {};
    }
    Reply reply{answer->status, std::move(answer->headers), std::move(answer->body)};
    // Every answer of every test keeps to openapi.json.
    // The management endpoints are described where they are by default.
    const bool manages = target.starts_with(management_path + "/");
    const std::string described = manages ? "/manage" + target.substr(management_path.size()) : target;
    const auto breach = Contract::embedded().breach(
        {request.method, described, reply.status, reply.header("Content-Type"), reply.text});
    EXPECT_EQ(breach, std::nullopt) << request.method << " " << target << "\n" << reply.text;
    return reply;
  }

  ports::Conversation incoming_conversation(const ports::Message& message, const std::string& type) const {
    ports::Conversation conversation;
    conversation.conversation_id = message.conversation_id;
    conversation.message_id = message.message_id;
    conversation.direction = ports::Direction::incoming;
    conversation.service = message.service;
    conversation.sender = "0192:" + other;
    conversation.sender_identifier = other;
    conversation.receiver = "0192:" + own;
    conversation.receiver_identifier = own;
    conversation.process = message.process;
    conversation.document_type = "urn:no:difi:arkivmelding:xsd::" + type;
    conversation.message_type = type;
    conversation.message_reference = conversation_1;
    conversation.last_update = clock.now();
    conversation.expiry = clock.now() + std::chrono::hours(24);
    return conversation;
  }
};

}  // namespace kanal::api::testing
