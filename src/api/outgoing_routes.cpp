// /api/messages/out: create, upload, send, one-shot multipart, list, get, delete (rest-api.md section 4).
#include <algorithm>

#include <boost/json/parse.hpp>

#include "api/file_mimetype.hpp"
#include "api/multipart_message.hpp"
#include "api/route_support.hpp"
#include "base/ascii.hpp"
#include "domain/sbd.hpp"
#include "formats/content_disposition.hpp"

namespace kanal::api {
namespace {

namespace json = boost::json;

net::Response create(const ApiParts& parts, const net::Request& request, ByteView body) {
  auto reading = domain::read_sbd(text_of(body));
  if (!reading) return error_response(parts, request, reading.error());
  const auto violations = violations_of(parts, *reading);
  if (!violations) return error_response(parts, request, violations.error());
  if (!violations->empty()) return error_response(parts, request, body_violations(*violations));
  auto created = parts.submit.create(std::move(reading->sbd));
  if (!created) return error_response(parts, request, created.error());
  return json_response(200, domain::to_json(*created));
}

Answer receive_document(const ApiParts& parts, const RequestPtr& request) {
  const auto type = request->header("Content-Type");
  if (!is_media_type(type, "application/json")) return error_response(parts, *request, unsupported_media_type(type));
  return net::collect_body(
      domain::max_sbd_bytes, [&parts, request](const Bytes& body) { return create(parts, *request, body); },
      [&parts, request] { return error_response(parts, *request, too_large("The document is larger than 1 MB")); });
}

/// One PUT of a file, streamed into the spool.
class FileUpload final : public net::BodyHandler {
 public:
  FileUpload(const ApiParts& parts, RequestPtr request, std::unique_ptr<flow::Upload> upload)
      : parts_(parts), request_(std::move(request)), upload_(std::move(upload)) {}

  std::optional<net::Response> data(ByteView bytes) override {
    auto written = upload_->write(bytes);
    if (written) return std::nullopt;
    return error_response(parts_, *request_, written.error());
  }

  net::Response finish() override {
    auto stored = upload_->finish();
    return stored ? empty_response(200) : error_response(parts_, *request_, stored.error());
  }

 private:
  const ApiParts& parts_;
  RequestPtr request_;
  std::unique_ptr<flow::Upload> upload_;
};

bool has_text(const std::optional<std::string>& text) {
  return text && text->find_first_not_of(" \t") != std::string::npos;
}

/// Also when its value is empty.
bool has_header(const net::Request& request, std::string_view name) {
  return std::ranges::any_of(request.headers,
                             [&](const auto& header) { return same_ignoring_case(header.first, name); });
}

Answer upload(const ApiParts& parts, const RequestPtr& request, const std::string& message_id) {
  if (!has_header(*request, "Content-Type")) return error_response(parts, *request, missing_header("Content-Type"));
  const auto header = request->header("Content-Disposition");
  if (header.empty()) return error_response(parts, *request, missing_header("Content-Disposition"));
  auto disposition = formats::parse_content_disposition(header);
  if (!disposition) return error_response(parts, *request, disposition.error());
  if (!disposition->filename || disposition->filename->empty()) {
    return error_response(parts, *request,
                          Error{"disposition.filename",
                                "Content-Disposition names no file: add filename=\"...\"",
                                Disposition::reject,
                                {},
                                {}});
  }
  flow::FileHead head;
  head.filename = std::move(*disposition->filename);
  auto title = request->parameter("title");
  if (!has_text(title)) title = std::move(disposition->name);
  if (has_text(title)) head.title = std::move(title);
  head.mimetype = file_mimetype(request->header("Content-Type"), head.filename);
  auto begun = parts.submit.upload(MessageId(message_id), std::move(head), request->content_length);
  if (!begun) return error_response(parts, *request, begun.error());
  return std::make_unique<FileUpload>(parts, request, std::move(*begun));
}

net::Response list(const ApiParts& parts, const net::Request& request) {
  Parameters parameters(request);
  ports::MessageQuery query;
  query.direction = ports::Direction::outgoing;
  query.conversation_id = parameters.text("conversationId");
  query.message_id = parameters.text("messageId");
  query.process = parameters.text("processIdentifier");
  query.receiver_identifier = parameters.identifier("receiverIdentifier");
  query.sender_identifier = parameters.identifier("senderIdentifier");
  query.service = parameters.service("serviceIdentifier");
  if (const auto instant = parameters.instant("lastUpdated")) {
    query.last_updated_from = instant->first;
    query.last_updated_before = instant->second;
  }
  return message_page(parts, request, query, parameters);
}

net::Response get(const ApiParts& parts, const net::Request& request, const std::string& message_id) {
  const auto message = load(parts.store, [&](ports::View& view) -> Result<std::optional<ports::Message>> {
    return view.message(MessageId(message_id), ports::Direction::outgoing);
  });
  if (!message) return error_response(parts, request, message.error());
  if (!*message) return error_response(parts, request, message_not_found(message_id));
  return json_response(200, json::parse((*message)->sbd));
}

}  // namespace

void add_outgoing_routes(net::Router& router, const ApiParts& parts) {
  router.add("POST", "/api/messages/out/multipart", [&parts](RequestPtr request, const auto&) -> Answer {
    return receive_multipart(parts, std::move(request));
  });
  router.add("POST", "/api/messages/out",
             [&parts](const RequestPtr& request, const auto&) -> Answer { return receive_document(parts, request); });
  router.add("PUT", "/api/messages/out/{messageId}",
             [&parts](const RequestPtr& request, const auto& variables) -> Answer {
               return upload(parts, request, variables.front());
             });
  router.add("POST", "/api/messages/out/{messageId}",
             [&parts](const RequestPtr& request, const auto& variables) -> Answer {
               auto sent = parts.submit.send(MessageId(variables.front()));
               return sent ? empty_response(200) : error_response(parts, *request, sent.error());
             });
  router.add("GET", "/api/messages/out/{messageId}",
             [&parts](const RequestPtr& request, const auto& variables) -> Answer {
               return get(parts, *request, variables.front());
             });
  router.add("GET", "/api/messages/out",
             [&parts](const RequestPtr& request, const auto&) -> Answer { return list(parts, *request); });
  router.add("DELETE", "/api/messages/out/{messageId}",
             [&parts](const RequestPtr& request, const auto& variables) -> Answer {
               auto removed = parts.submit.remove(MessageId(variables.front()));
               return removed ? empty_response(200) : error_response(parts, *request, removed.error());
             });
}

}  // namespace kanal::api
