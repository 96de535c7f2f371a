// POST /correspondence/upload: multipart/form-data of text parts and files named `attachments` (dpv.md 5.1). The files
// go to disk while they come. What is wrong is told at the end of the body, for a client that still sends may not see
// an early answer.
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "base/ascii.hpp"
#include "crypto/digest.hpp"
#include "formats/multipart.hpp"
#include "sim/correspondence.hpp"
#include "sim/correspondence_form.hpp"
#include "sim/correspondence_rules.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;

constexpr std::size_t max_text_bytes = std::size_t{512} * 1024;
constexpr std::size_t max_all_text_bytes = std::size_t{2} * 1024 * 1024;
constexpr std::chrono::days clock_ahead{30};

}  // namespace

class Correspondence::Upload final : public net::BodyHandler, private formats::PartHandler {
 public:
  Upload(Correspondence& owner, Admitted admitted, std::string boundary)
      : owner_(owner),
        admitted_(std::move(admitted)),
        rules_(owner.state_.rules()),
        body_(formats::make_multipart_reader(std::move(boundary), *this)) {}

  std::optional<net::Response> data(ByteView bytes) override {
    if (objection_.empty()) {
      if (const auto read = body_->write(bytes); !read) object_to(read.error().message);
    }
    return std::nullopt;
  }

  net::Response finish() override {
    if (objection_.empty()) {
      if (const auto read = body_->finish(); !read) object_to(read.error().message);
    }
    if (!objection_.empty())
      return owner_.refused("upload", admitted_, model_error_answer({{"", objection_}}), objection_);
    ModelErrors errors;
    request_ = std::make_shared<CorrespondenceRequest>(form_.read(rules_.synthetic_persons, errors));
    // From here on, faults may be about this message.
    admitted_.subject = request_->senders_reference;
    if (!on_access_list()) {
      return owner_.refused("upload", admitted_, text_answer(403, "Not on the access list"), "not on the access list");
    }
    if (!errors.empty()) {
      return owner_.refused("upload", admitted_, model_error_answer(errors), errors.front().first + " is not valid");
    }
    if (const auto refusal = check_correspondence(checks())) {
      return owner_.refused("upload", admitted_, refusal_answer(*refusal), std::to_string(refusal->code));
    }
    return store();
  }

 private:
  void object_to(std::string what) {
    if (objection_.empty()) objection_ = std::move(what);
  }

  /// The proxy looks at the resource before it lets the call through.
  [[nodiscard]] bool on_access_list() const {
    const auto found = rules_.resources.find(request_->resource);
    if (found == rules_.resources.end() || !found->second.access_list) return true;
    return found->second.access_list->contains(admitted_.caller.organisation);
  }

  [[nodiscard]] CorrespondenceChecks checks() const {
    auto now = owner_.environment_.clock.now();
    if (owner_.met("correspondence.clock_ahead", admitted_)) now += clock_ahead;
    return {.request = *request_,
            .files = files_,
            .rules = rules_,
            .now = now,
            .key_used = [this](const std::string& key) { return owner_.state_.knows_key(key); },
            .fate_of = [this](const std::string& who) { return owner_.state_.behaviour_of(who).fate; },
            .reserved = [this](const std::string& who) { return owner_.reserved_ && owner_.reserved_(who); },
            .fault =
                [this](int code) {
                  auto& faults = owner_.environment_.faults;
                  return faults.any() && owner_.met(fmt::format("correspondence.upload.{}", code), admitted_);
                }};
  }

  net::Response store() {
    if (owner_.met("correspondence.upload.race", admitted_)) owner_.environment_.faults.hold(slow_by);
    const auto stored = owner_.state_.accept(request_, files_, admitted_.caller);
    if (!stored) return owner_.refused("upload", admitted_, refusal_answer({1034}), "1034");
    if (owner_.met("correspondence.upload.twice", admitted_)) {
      if (const auto again = owner_.state_.accept(request_, files_, admitted_.caller, true); !again)
        return lost_answer();
    }
    if (owner_.met("correspondence.upload.lost_answer", admitted_)) return lost_answer();
    if (owner_.met("correspondence.upload.503_after_store", admitted_)) {
      return owner_.refused("upload", admitted_, correspondence_problem(503, "Fault injected"), "Fault injected");
    }
    return owner_.paced(json_answer(200, answer(*stored)), admitted_);
  }

  [[nodiscard]] json::object answer(const std::vector<StoredCorrespondence>& stored) const {
    json::array list;
    json::array ids;
    for (const auto& id : stored.front().attachment_ids) ids.emplace_back(id);
    for (std::size_t i = 0; i < stored.size(); ++i) {
      json::array notifications;
      if (request_->notification) {
        notifications.push_back(json::object{{"orderId", nullptr}, {"isReminder", false}, {"status", "Success"}});
      }
      list.push_back(json::object{{"correspondenceId", stored[i].id},
                                  {"status", files_.empty() ? "ReadyForPublish" : "Initialized"},
                                  {"recipient", request_->recipients[i]},
                                  {"notifications", std::move(notifications)}});
    }
    json::object out{{"correspondences", std::move(list)}, {"attachmentIds", std::move(ids)}};
    if (owner_.met("correspondence.upload.null_list", admitted_)) out["correspondences"] = nullptr;
    if (owner_.met("correspondence.upload.empty_list", admitted_)) out["correspondences"] = json::array{};
    return out;
  }

  Result<void> begin_part(const formats::PartHead& head) override {
    name_ = head.disposition.name.value_or("");
    is_file_ = same_ignoring_case(name_, "attachments") && head.disposition.filename;
    if (!is_file_) return {};
    if (files_.size() == formats::max_parts) return reject("correspondence.files", "there are too many files");
    files_.push_back({.name = *head.disposition.filename,
                      .content_type = head.content_type,
                      .size = 0,
                      .md5 = {},
                      .sha256 = {},
                      .content = {}});
    writer_ = std::make_unique<ContentWriter>(owner_.contents_);
    hasher_ = std::make_unique<crypto::Hasher>(crypto::DigestAlgorithm::sha256);
    return {};
  }

  Result<void> part_data(ByteView bytes) override {
    if (!is_file_) {
      text_bytes_ += bytes.size();
      if (text_.size() + bytes.size() > max_text_bytes || text_bytes_ > max_all_text_bytes) {
        return reject("correspondence.text", "the text parts are too large");
      }
      text_.append(text_of(bytes));
      return {};
    }
    auto& file = files_.back();
    file.size += bytes.size();
    // One that is too large is told of at its place among the checks; its bytes are of no use.
    if (file.size > rules_.max_file) return {};
    hasher_->update(bytes);
    return writer_->write(bytes);
  }

  Result<void> end_part() override {
    if (!is_file_) {
      // A part that no member is bound to is ignored, whatever it is called.
      form_.add(name_, std::exchange(text_, {}));
      return {};
    }
    auto stored = writer_->finish();
    if (!stored) return failed(stored);
    auto& file = files_.back();
    file.content = std::move(stored->content);
    file.md5 = std::move(stored->md5);
    file.sha256 = to_hex(hasher_->finish());
    return {};
  }

  Correspondence& owner_;
  Admitted admitted_;
  CorrespondenceRules rules_;
  CorrespondenceForm form_;
  std::shared_ptr<CorrespondenceRequest> request_;
  std::string objection_;
  std::string name_;
  std::string text_;
  std::size_t text_bytes_ = 0;
  bool is_file_ = false;
  std::vector<CorrespondenceFile> files_;
  std::unique_ptr<ContentWriter> writer_;
  std::unique_ptr<crypto::Hasher> hasher_;
  std::unique_ptr<Sink> body_;  ///< last: it calls the rest
};

Answer Correspondence::upload(const Request& request, const Admitted& admitted) {
  const auto content_type = request->header("Content-Type");
  if (media_type(content_type) != "multipart/form-data") {
    return refused("upload", admitted, correspondence_problem(415, "multipart/form-data is needed"),
                   "no multipart/form-data");
  }
  auto boundary = formats::multipart_boundary(content_type);
  if (!boundary) {
    return refused("upload", admitted, correspondence_problem(400, boundary.error().message), "no boundary");
  }
  return std::make_unique<Upload>(*this, admitted, std::move(*boundary));
}

}  // namespace kanal::sim
