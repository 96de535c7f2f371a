// Calls of the broker's endpoints for its tests. Never included by product code.
#pragma once

#include "sim/sim_testing.hpp"

namespace kanal::sim::testing {

class BrokerBench : public Bench {
 protected:
  std::string at(const std::string& path) const { return national_.broker_url() + path; }

  static json::object initialization(const std::string& reference = "5d0f9a0e-8a1b-4a43-9f5e-6a3c0e9b7c11") {
    return {{"fileName", "sbd.zip"},
            {"resourceId", resource},
            {"sendersFileTransferReference", reference},
            {"sender", "0192:310700002"},
            {"recipients", json::array{"0192:310701378"}},
            {"propertyList", json::object{}},
            {"checksum", nullptr},
            {"disableVirusScan", nullptr}};
  }
  net::ClientResponse initialize(const json::object& body) {
    return post(at("/filetransfer/"), json::serialize(body), "application/json", altinn(agency));
  }
  std::string initialized(const json::object& body = initialization()) {
    const auto answer = initialize(body);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return text(object_of(answer), "fileTransferId");
  }
  net::ClientResponse upload(const std::string& id, const std::string& content = "bytes of a zip") {
    return post(at("/filetransfer/" + id + "/upload"), content, "application/octet-stream", altinn(agency));
  }
  std::string published(const std::string& content = "bytes of a zip", const json::object& body = initialization()) {
    const auto id = initialized(body);
    EXPECT_EQ(upload(id, content).status, 200);
    return id;
  }
  net::ClientResponse overview(const std::string& id, const std::string& who = municipality, const char* view = "") {
    return get(at("/filetransfer/" + id + view), altinn(who));
  }
  net::ClientResponse download(const std::string& id, const std::string& range = {},
                               const std::string& who = municipality) {
    auto headers = altinn(who);
    if (!range.empty()) headers.emplace_back("Range", range);
    return get(at("/filetransfer/" + id + "/download"), std::move(headers));
  }
  net::ClientResponse confirm(const std::string& id, const std::string& who = municipality) {
    return post(at("/filetransfer/" + id + "/confirmdownload"), "", "", altinn(who));
  }
  net::ClientResponse search_call(const std::string& parameters, const std::string& who = municipality) {
    return get(at("/filetransfer?resourceId=" + std::string(resource) + parameters), altinn(who));
  }
  std::vector<std::string> search(const std::string& parameters, const std::string& who = municipality) {
    const auto answer = search_call(parameters, who);
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::vector<std::string> ids;
    const auto body = json::parse(answer.body);
    for (const auto& id : body.as_array()) ids.emplace_back(id.as_string());
    return ids;
  }
  std::string file_status(const std::string& id) { return text(object_of(overview(id)), "fileTransferStatus"); }
  std::string recipient_status(const std::string& id) {
    return text(object_of(overview(id)).at("recipients").as_array().at(0).as_object(),
                "currentRecipientFileTransferStatusCode");
  }
  /// A business error with all its members.
  static void expect_problem(const net::ClientResponse& answer, int status, const std::string& code) {
    const auto body = object_of(answer);
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(text(body, "code"), code);
    EXPECT_EQ(body.if_contains("status") != nullptr ? body.at("status").to_number<int>() : 0, status);
    EXPECT_FALSE(text(body, "title").empty());
    EXPECT_FALSE(text(body, "detail").empty());
    EXPECT_EQ(text(body, "type").rfind("https://tools.ietf.org/html/rfc9110#section-", 0), 0U);
    EXPECT_EQ(text(body, "traceId").size(), 55U);
  }
};

}  // namespace kanal::sim::testing
