print("restok")
