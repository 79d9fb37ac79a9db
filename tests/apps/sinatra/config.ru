require "sinatra/base"

class Hello < Sinatra::Base
  get("/") { "Hello from Sinatra" }
end

run Hello
