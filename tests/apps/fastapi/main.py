from fastapi import FastAPI

api = FastAPI(title="Weather")


@api.get("/")
def read_root():
    return {"message": "Hello from FastAPI"}
